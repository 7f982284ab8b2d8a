import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import type { Client } from '@troupe/client';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import {
  createTempFolder,
  createTestPki,
  type IssuedCertificate,
  skip,
  type TempFolder,
  type TestBroker,
  testBrokers,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type Names, Stage } from './stage.js';
import { stageDdl } from './stage-agent.js';

const caller = 'rip.mcollective';
const colleague = 'eve.mcollective';
const nodes = ['one.lab', 'two.lab', 'three.lab'];
const { embedded, mosquitto, natsCluster, rabbitmq } = testBrokers;
const kinds = [embedded, mosquitto, natsCluster, rabbitmq];
const half = 512 * 1024;

// npm run brokers generates the table in docs/brokers.md from these titles.
describe('Troupe over', function () {
  this.timeout(180_000);
  let folder: TempFolder;
  let names: Names;
  const starting = new Map<string, Promise<TestBroker>>();

  before(async () => {
    folder = await createTempFolder({ prefix: 'troupe-brokers' });
    const pki = await createTestPki(folder.join('pki'));
    const files = new Map<string, IssuedCertificate>();
    for (const name of [...nodes, caller, colleague]) files.set(name, await pki.issue(name));
    names = { pki, files };
    // RabbitMQ takes its time, which the tests over the others use.
    for (const kind of kinds.filter((each) => !each.missing())) {
      const broker = kind.start({ pki, folder: folder.path, callers: [caller, colleague], nodes });
      broker.catch(() => undefined);
      starting.set(kind.name, broker);
    }
  });
  after(async () => {
    const left = await Promise.allSettled(starting.values());
    for (const each of left) if (each.status === 'fulfilled') await each.value.stop();
    await folder?.close();
  });

  for (const kind of kinds) {
    describe(kind.name, () => {
      let stage: Stage;
      let client: Client;
      const call = () => client.agent(stageDdl);

      before(async function () {
        const missing = kind.missing();
        if (missing) skip(this, missing);
        const broker = await starting.get(kind.name);
        if (!broker) throw new Error(`${kind.name} was not started`);
        stage = new Stage({ broker, names, folder, prefix: kind.name.replaceAll(' ', '-') });
        // Each node of a cluster prefers another server.
        for (const [index, name] of nodes.entries()) {
          const at = index % broker.nodeUrls.length;
          const urls = [...broker.nodeUrls.slice(at), ...broker.nodeUrls.slice(0, at)];
          await stage.startNode(name, urls);
        }
        client = await stage.connect(caller);
        await stage.answering(client, nodes);
      });
      after(() => stage?.[Symbol.asyncDispose]());

      // Begins an action that ends when the file is there, and waits until it runs on every node.
      function hold(file: string) {
        const begun = new Set<string>();
        const onProgress = ({ sender }: { sender: string }) => begun.add(sender);
        const held = call().hold({ file: stage.path(file) }, { targets: nodes, onProgress });
        return {
          held,
          running: waitFor('the action to run everywhere', () => begun.size === nodes.length, {
            timeoutSeconds: 60,
          }),
          end: () => writeFile(stage.path(file), ''),
        };
      }

      async function repliesOfAll(held: ReturnType<typeof hold>['held']): Promise<void> {
        const results = await held.all();
        const words = results.map(({ sender, state, statusmsg }) => `${sender} ${state} ${statusmsg}`);
        expect(words.sort()).to.deep.equal(nodes.map((name) => `${name} ok OK`).sort());
        // Once each, though they were asked again.
        expect(new Set(results.map(({ data }) => data.runs)).size).to.equal(1);
      }

      it('finds nodes by a fact', async () => {
        const filter = client.filter({ facts: [{ fact: 'name', operator: '==', value: 'two.lab' }] });
        expect((await client.discover({ filter })).nodes).to.deep.equal(['two.lab']);
        expect((await client.discover()).nodes).to.deep.equal([...nodes].sort());
      });

      it('calls nodes whose names contain dots', async () => {
        const results = await client.agent(rpcutil).get_fact({ fact: 'name' }).all();
        const values = Object.fromEntries(results.map(({ sender, data }) => [sender, data.value]));
        expect(values).to.deep.equal(Object.fromEntries(nodes.map((name) => [name, name])));
      });

      it('delivers progress in order', async () => {
        const steps: unknown[] = [];
        const onProgress = ({ data }: { data: unknown }) => steps.push(data);
        const options = { targets: ['one.lab'], onProgress };
        const { state, data } = await call().steps({ steps: 20 }, options).one();
        expect({ state, last: data.last }).to.deep.equal({ state: 'ok', last: 20 });
        expect(steps).to.deep.equal(Array.from({ length: 20 }, (_, index) => ({ step: index + 1 })));
      });

      it('delivers a reply of half a megabyte', async () => {
        const results = await call().bulk({ bytes: half }, { targets: nodes }).all();
        const lengths = results.map(({ data }) => data.text?.length);
        expect(lengths).to.deep.equal(nodes.map(() => half));
      });

      if (kind !== rabbitmq)
        it('lists online nodes before the first request', async () => {
          const presence = await (await stage.connect(colleague)).presence();
          await waitFor('what the broker keeps', () => nodes.every((name) => presence.isOnline(name)));
        });

      if (kind === rabbitmq)
        it('finds online nodes by asking them, without presence from the broker', async () => {
          const other = await stage.connect(colleague);
          const presence = await other.presence();
          expect((await other.discover()).nodes).to.deep.equal([...nodes].sort());
          expect(presence.isOnline('one.lab')).to.equal(undefined);
        });

      it('lets another terminal attach to a running call', async () => {
        const { held, running, end } = hold('taken-over');
        await running;
        const other = await stage.connect(caller);
        const taken = other.attach(held.id, { targets: nodes });
        await waitFor('what the nodes keep', () => taken.running().length === nodes.length);
        await end();
        const results = await taken.all();
        expect(results.map(({ state }) => state)).to.deep.equal(['ok', 'ok', 'ok']);
        expect(new Set(results.map(({ data }) => data.runs))).to.deep.equal(new Set([1]));
        await held.all();
      });

      it('reports no-reply for a node that does not respond', async () => {
        const daemon = stage.daemons.get('three.lab');
        daemon?.kill('SIGSTOP');
        const options = { targets: nodes, answerWithin: 2 };
        const { byState } = await client.agent(rpcutil).ping({}, options).stats();
        daemon?.kill('SIGCONT');
        expect(byState['no-reply']).to.deep.equal(['three.lab']);
        expect(byState.ok).to.have.members(['one.lab', 'two.lab']);
        await stage.answering(client, nodes);
      });

      if (kind === natsCluster)
        it("rejects a server that has only a node's certificate", async () => {
          const [, port] =
            /Listening for route connections on 127.0.0.1:(\d+)/.exec(stage.broker.output) ?? [];
          const { certificate, key } = names.files.get('one.lab') ?? { certificate: '', key: '' };
          const socket = connectTls({
            host: '127.0.0.1',
            port: Number(port),
            ca: await readFile(names.pki.caCertificate),
            cert: await readFile(certificate),
            key: await readFile(key),
          });
          let heard = '';
          socket.on('data', (bytes) => {
            heard += bytes;
          });
          await once(socket, 'secureConnect');
          socket.write('CONNECT {"server_id":"X","name":"x","cluster":"troupe","verbose":false}\r\nPING\r\n');
          await once(socket, 'close');
          expect(heard)
            .to.match(/Authorization Violation/)
            .and.not.match(/PONG/);
        });

      if (kind === natsCluster)
        it('gets every reply although a server dies during the call', async () => {
          const { held, running, end } = hold('server');
          await running;
          // The server of this client and of one of the nodes.
          await stage.broker.kill(0);
          await end();
          await repliesOfAll(held);
          await stage.broker.restart();
          await stage.answering(client, nodes);
        });

      it('gets every reply although the broker is killed and restarted during the call', async () => {
        const { held, running, end } = hold('restart');
        await running;
        await stage.broker.kill();
        await end();
        await stage.broker.restart();
        await repliesOfAll(held);
      });

      it('reports a killed node as offline', async () => {
        await stage.answering(client, nodes);
        const presence = await client.presence();
        stage.daemons.get('three.lab')?.kill('SIGKILL');
        await waitFor('its last will', () => presence.isOnline('three.lab') === false, {
          timeoutSeconds: 60,
        });
        const result = await client
          .agent(rpcutil)
          .ping({}, { targets: ['three.lab'] })
          .one();
        expect(result).to.include({ state: 'offline', ok: false });
      });

      it('reports a node that shuts down as offline', async () => {
        const daemon = stage.daemons.get('two.lab');
        daemon?.kill('SIGTERM');
        expect((await daemon?.exited)?.code).to.equal(0);
        const presence = await client.presence();
        await waitFor('two.lab to be offline', () => presence.isOnline('two.lab') === false, {
          timeoutSeconds: 60,
        });
      });

      if (kind === embedded)
        describe('the daemon', () => {
          it('keeps its configuration when the new one is at fault, and takes one that is sound', async () => {
            const daemon = stage.daemons.get('one.lab');
            const file = stage.path('one.lab.yaml');
            const good = await readFile(file, 'utf8');
            await writeFile(file, 'colectives: [x]');
            daemon?.kill('SIGHUP');
            await daemon?.waitForLine(/invalid configuration: the previous one stays in use/);
            await waitFor('one.lab to answer as before', async () => {
              const options = { targets: ['one.lab'], answerWithin: 2 };
              return (await client.agent(rpcutil).ping({}, options).one()).ok;
            });
            await mkdir(stage.path('more'));
            await writeFile(`${stage.path('more')}/facts.json`, JSON.stringify({ name: 'renamed' }));
            const config = { ...JSON.parse(good), facts: { paths: [stage.path('more')] } };
            await writeFile(file, JSON.stringify(config));
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
        });
    });
  }
});
