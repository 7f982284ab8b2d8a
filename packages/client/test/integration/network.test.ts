import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Client, type ClientConfig, clientSchema, connect } from '@troupe/client';
import { checkConfig } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import {
  createTempFolder,
  createTestPki,
  type RunningProcess,
  skip,
  startProcess,
  type TempFolder,
  type TestPki,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { brokerKinds, type RunningBroker } from './brokers.js';

const mcod = createRequire(import.meta.url).resolve('@troupe/core/mcod');
const caller = 'rip.mcollective';

for (const kind of brokerKinds) {
  describe(`daemons and clients over ${kind.name}`, function () {
    this.timeout(60_000);
    let folder: TempFolder;
    let pki: TestPki;
    let broker: RunningBroker;
    let client: Client;
    const daemons = new Map<string, RunningProcess>();

    before(async function () {
      const missing = kind.missing();
      if (missing) skip(this, missing);
      folder = await createTempFolder();
      pki = await createTestPki(folder.join('pki'));
      broker = await kind.start({ pki, folder: folder.path, callers: [caller] });
      const own = await pki.issue(caller);
      const config = { broker: { urls: [broker.callerUrl] }, security: { ca: pki.caCertificate, ...own } };
      client = await connect({ config: checkConfig<ClientConfig>(config, clientSchema, 'the test') });
      for (const name of ['one.lab', 'two.lab']) await startNode(name);
      await online('one.lab', 'two.lab');
    });

    after(async () => {
      await client?.close();
      for (const daemon of daemons.values()) await daemon.stop();
      await broker?.stop();
      await folder?.close();
    });

    async function startNode(name: string): Promise<void> {
      const own = await pki.issue(name);
      const config = {
        broker: { urls: [broker.nodeUrl] },
        security: { ca: pki.caCertificate, ...own },
        state_dir: folder.join(name),
        facts: { paths: [folder.join(`${name}.facts.json`)] },
      };
      await writeFile(folder.join(`${name}.facts.json`), JSON.stringify({ name }));
      // JSON is YAML.
      await writeFile(folder.join(`${name}.yaml`), JSON.stringify(config));
      daemons.set(name, startProcess(process.execPath, [mcod, '--config', folder.join(`${name}.yaml`)]));
    }

    async function online(...names: string[]): Promise<void> {
      const presence = await client.presence();
      await waitFor(
        `${names.join(' and ')} to be online`,
        () => names.every((name) => presence.isOnline(name)),
        {
          timeoutSeconds: 30,
        },
      );
    }

    it('finds nodes by their facts', async () => {
      const filter = client.filter({ facts: [{ fact: 'name', operator: '==', value: 'two.lab' }] });
      expect((await client.discover({ filter })).nodes).to.deep.equal(['two.lab']);
      expect((await client.discover()).nodes).to.deep.equal(['one.lab', 'two.lab']);
    });

    it('calls them, each reply signed by its node', async () => {
      const results = await client.agent(rpcutil).get_fact({ fact: 'name' }).all();
      const values = Object.fromEntries(results.map(({ sender, data }) => [sender, data.value]));
      expect(values).to.deep.equal({ 'one.lab': 'one.lab', 'two.lab': 'two.lab' });
    });

    it('comes back after the broker was killed', async () => {
      await broker.kill();
      await broker.start();
      await waitFor(
        'replies of both nodes',
        async () => {
          const targets = ['one.lab', 'two.lab'];
          const results = await client.agent(rpcutil).ping({}, { targets, answerWithin: 2 }).all();
          return results.every(({ ok }) => ok);
        },
        { timeoutSeconds: 40 },
      );
    });

    it('says of a node that was killed that it is offline', async () => {
      daemons.get('two.lab')?.kill('SIGKILL');
      const presence = await client.presence();
      await waitFor('the will of two.lab', () => presence.isOnline('two.lab') === false, {
        timeoutSeconds: 30,
      });
      const result = await client
        .agent(rpcutil)
        .ping({}, { targets: ['two.lab'] })
        .one();
      expect(result).to.include({ state: 'offline', ok: false });
    });

    it('keeps its configuration when the new one is at fault, and takes one that is sound', async () => {
      const daemon = daemons.get('one.lab');
      const file = folder.join('one.lab.yaml');
      const good = await readFile(file, 'utf8');
      await writeFile(file, 'colectives: [x]');
      daemon?.kill('SIGHUP');
      await daemon?.waitForLine(/the new configuration is at fault/);
      await waitFor('one.lab to answer as before', async () => {
        const options = { targets: ['one.lab'], answerWithin: 2 };
        return (await client.agent(rpcutil).ping({}, options).one()).ok;
      });
      await mkdir(folder.join('more'));
      await writeFile(folder.join('more', 'facts.json'), JSON.stringify({ name: 'renamed' }));
      await writeFile(file, JSON.stringify({ ...JSON.parse(good), facts: { paths: [folder.join('more')] } }));
      daemon?.kill('SIGHUP');
      await waitFor(
        'the new fact',
        async () => {
          const options = { targets: ['one.lab'], answerWithin: 2 };
          const { ok, data } = await client.agent(rpcutil).get_fact({ fact: 'name' }, options).one();
          return ok && data.value === 'renamed';
        },
        { timeoutSeconds: 30 },
      );
    });

    it('ends in order when it is told to', async () => {
      const daemon = daemons.get('one.lab');
      daemon?.kill('SIGTERM');
      expect((await daemon?.exited)?.code).to.equal(0);
      const presence = await client.presence();
      await waitFor('one.lab to be offline', () => presence.isOnline('one.lab') === false);
    });
  });
}
