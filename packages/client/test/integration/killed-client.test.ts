import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type SpawnedBroker, spawnBroker } from '@troupe/broker';
import { type Client, connect, loadClientConfig } from '@troupe/client';
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
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const nodes = ['one.lab', 'two.lab'];

describe('a client that is killed in the middle of an action', function () {
  this.timeout(180_000);
  let folder: TempFolder;
  let broker: SpawnedBroker;
  let client: Client;
  const daemons: RunningProcess[] = [];

  before(async () => {
    folder = await createTempFolder();
    broker = await spawnBroker({
      listen: ['mqtt://127.0.0.1:0'],
      security: { mode: 'none' },
      log: { level: 'error' },
    });
    const network = { broker: { urls: [broker.url] }, security: { mode: 'none' } };
    for (const identity of nodes) {
      const file = folder.join(`${identity}.yaml`);
      const state_dir = folder.join(identity);
      await writeFile(
        file,
        JSON.stringify({ ...network, identity, state_dir, agents: [beside('./held-agent.js')] }),
      );
      daemons.push(startProcess(process.execPath, [mcod, '--config', file]));
    }
    await writeFile(folder.join('client.yaml'), JSON.stringify(network));
    client = await connect({ config: loadClientConfig(folder.join('client.yaml')) });
    const presence = await client.presence();
    await waitFor('both daemons', () => nodes.every((name) => presence.isOnline(name)), {
      timeoutSeconds: 60,
    });
  });

  after(async () => {
    await client?.close();
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await broker?.stop();
    await folder?.close();
  });

  it('loses nothing: another one attaches and gets the rest and the results, and the action ran once', async () => {
    const [gate, notes] = [folder.join('gate'), folder.join('notes')];
    const doomed = startProcess(process.execPath, [
      beside('./doomed-client.js'),
      folder.join('client.yaml'),
      gate,
      notes,
      ...nodes,
    ]);
    const id = (await doomed.waitForLine(/^id /)).slice('id '.length);
    for (const name of nodes) await doomed.waitForLine(`${name} begun`);
    doomed.kill('SIGKILL');
    expect(await doomed.exited).to.deep.equal({ code: null, signal: 'SIGKILL' });

    const pieces: string[] = [];
    const attached = client.attach(id, {
      targets: nodes,
      onProgress: ({ sender, data }) => pieces.push(`${sender} ${data}`),
    });
    await waitFor('what both said before', () => pieces.length === 2, { timeoutSeconds: 30 });
    await writeFile(gate, '');
    const results = await attached.all();
    expect(results.map(({ state, data }) => ({ state, data }))).to.deep.equal(
      nodes.map(() => ({ state: 'ok', data: { saw: gate } })),
    );
    expect(pieces.sort()).to.deep.equal(
      nodes.flatMap((name) => [`${name} begun`, `${name} the gate is there`]).sort(),
    );
    expect(attached.about).to.deep.equal({ agent: 'held', action: 'hold' });
    expect((await readFile(notes, 'utf8')).trim().split('\n').sort()).to.deep.equal(nodes);
    // A third one, after the end, is given the same.
    const later = await client.attach(id, { targets: nodes }).stats();
    expect(later.ok).to.equal(2);
  });
});
