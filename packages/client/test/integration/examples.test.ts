import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type SpawnedBroker, spawnBroker } from '@troupe/broker';
import { connect, loadClientConfig } from '@troupe/client';
import {
  createTempFolder,
  type RunningProcess,
  startProcess,
  type TempFolder,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';

const mcod = createRequire(import.meta.url).resolve('@troupe/daemon/mcod');
const examples = fileURLToPath(new URL('../../../../../examples/', import.meta.url));
const nodes = ['a.lab', 'b.lab', 'c.lab', 'd.lab'];

describe('the examples of embedding', function () {
  this.timeout(180_000);
  let folder: TempFolder;
  let broker: SpawnedBroker;
  const daemons = new Map<string, RunningProcess>();

  before(async () => {
    folder = await createTempFolder();
    broker = await spawnBroker({
      listen: ['mqtt://127.0.0.1:0'],
      security: { mode: 'none' },
      log: { level: 'error' },
    });
    const network = { broker: { urls: [broker.url] }, security: { mode: 'none' } };
    for (const identity of nodes) {
      const facts = folder.join(`${identity}.facts.json`);
      await writeFile(facts, JSON.stringify({ site: identity < 'c' ? 'north' : 'south', kernel: 'minix' }));
      const config = {
        ...network,
        identity,
        state_dir: folder.join(identity),
        facts: { paths: [facts] },
        agents: [`${examples}agent-javascript/load.js`],
        // The first two may not measure often enough for the rollout.
        plugins: { load: { most_times: identity < 'c' ? 1 : 10 } },
      };
      const file = folder.join(`${identity}.yaml`);
      await writeFile(file, JSON.stringify(config));
      daemons.set(identity, startProcess(process.execPath, [mcod, '--config', file]));
    }
    await writeFile(folder.join('client.yaml'), JSON.stringify(network));
    const client = await connect({ config: loadClientConfig(folder.join('client.yaml')) });
    const presence = await client.presence();
    await waitFor('all daemons', () => nodes.every((name) => presence.isOnline(name)), {
      timeoutSeconds: 90,
    });
    await client.close();
  });

  after(async () => {
    await Promise.all([...daemons.values()].map((daemon) => daemon.stop()));
    await broker?.stop();
    await folder?.close();
  });

  const start = (name: string, ...words: string[]) =>
    startProcess(process.execPath, [`${examples}embedding/${name}.js`, ...words], {
      env: { TROUPE_CONFIG: folder.join('client.yaml'), XDG_CACHE_HOME: folder.path },
    });

  async function run(name: string, ...words: string[]) {
    const program = start(name, ...words);
    const { code } = await program.exited;
    return { code, lines: program.output.trim().split('\n') };
  }

  it('discover and call', async () => {
    const { code, lines } = await run('discover', 'site=north');
    expect(code).to.equal(0);
    expect(lines[0]).to.equal('2 found, 0 silent, 0 offline');
    expect(lines.slice(1, 3).sort()).to.deep.equal(['a.lab: minix', 'b.lab: minix']);
    expect(lines[3]).to.equal('2 of 2 are ok');
  });

  it('stop a rollout that fails', async () => {
    const { code, lines } = await run('rollout', 'load', 'watch', 'times=2', 'pause=0');
    expect(code).to.equal(1);
    expect(lines.map((line) => line.split(',')[0]).sort()).to.deep.equal([
      'a.lab: failed',
      'b.lab: failed',
      'c.lab: not-asked',
      'd.lab: not-asked',
      'stopped: 2 nodes failed; the limit is 1',
    ]);
    const { code: good, lines: ended } = await run('rollout', 'load', 'watch', 'times=1', 'pause=0');
    expect({ good, ended: ended.sort() }).to.deep.equal({
      good: 0,
      ended: nodes.map((name) => `${name}: ok, OK`),
    });
  });

  it('attach to what another client began', async () => {
    const { code, lines } = await run('reattach', 'd.lab');
    expect(code).to.equal(0);
    expect(lines).to.deep.equal([
      'sent',
      ...[1, 2, 3].map((time) => `d.lab: measured ${time} times`),
      'd.lab: ok',
    ]);
  });

  it('follow joins and leaves', async () => {
    const following = start('follow');
    for (const name of nodes) await following.waitForLine(`${name} is online`);
    await daemons.get('d.lab')?.stop();
    await following.waitForLine('d.lab left');
    following.kill('SIGINT');
    expect((await following.exited).code).to.equal(0);
  });
});
