import type { Result } from '@troupe/client';
import { skip, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { connectLibrary, type Library } from '../library.js';
import { ddl } from '../mixed-agent.js';
import { all, online, type Scene, workers } from '../scene.js';

const targets = workers;

const statesOf = (results: readonly Result[]) =>
  Object.fromEntries(results.map(({ sender, state }) => [sender, state]));

/** The client library: several calls of one process, and messages that are lost, doubled and sent again. */
export function library(scene: () => Scene): void {
  describe('as a library', () => {
    let connection: Library;
    before(async () => {
      connection = await connectLibrary(scene().build, scene().network.clientConfig);
    });
    after(() => connection?.[Symbol.asyncDispose]());

    const change = (nonce: string) => connection.client.call(ddl, 'change', { nonce }, { targets }).all();

    it('knows who is online', async () => {
      const view = await connection.client.presence();
      expect([...view.online()].sort()).to.deep.equal(online);
    });

    it('reads replies that are sealed with a session key from its second call on', async () => {
      const { client, tap } = connection;
      const weigh = () => client.call(ddl, 'weigh', {}, { targets }).all();
      expect(statesOf(await weigh())).to.deep.equal(all(workers, 'ok'));
      tap.algorithms.length = 0;
      expect(statesOf(await weigh())).to.deep.equal(all(workers, 'ok'));
      expect(tap.algorithms).to.deep.equal(workers.map(() => 'HS256'));
    });

    it('cancels an action that runs', async () => {
      const { client } = connection;
      const { network } = scene();
      const nonce = network.nonce();
      const call = client.call(ddl, 'hold', { nonce }, { targets });
      await network.executed(nonce, workers);
      await call.cancel();
      expect(statesOf(await call.all())).to.deep.equal(all(workers, 'cancelled'));
    });

    it('receives the events of clients of both versions', async function () {
      if (scene().losesEvents)
        skip(this, 'callers could not publish events under configurations of that time');
      await using foreign = await connectLibrary(scene().other.build, scene().network.clientConfig);
      for (const [from, to] of [
        [connection, foreign],
        [foreign, connection],
      ] as const) {
        const mark = scene().network.nonce();
        const seen: unknown[] = [];
        const stop = await to.onEvent(({ data }) => seen.push(data.mark));
        await from.publishEvent('test', { mark });
        await waitFor('the event', () => seen.includes(mark));
        await stop();
      }
    });

    it('runs a message that is published three times once', async () => {
      const { network } = scene();
      const nonce = network.nonce();
      connection.tap.copies = 3;
      try {
        expect(statesOf(await change(nonce))).to.deep.equal(all(workers, 'ok'));
        const next = network.nonce();
        expect(statesOf(await change(next))).to.deep.equal(all(workers, 'ok'));
        expect(await network.executions(next)).to.deep.equal(workers);
      } finally {
        connection.tap.copies = 1;
      }
      expect(await network.executions(nonce)).to.deep.equal(workers);
    });

    for (const name of ['a.lab', 'b.lab'])
      it(`runs a request once that it has sent to ${name} again`, async () => {
        const { network } = scene();
        const { client, tap } = connection;
        const nonce = network.nonce();
        tap.sent.length = 0;
        const { daemon } = network.node(name);
        daemon.kill('SIGSTOP');
        try {
          const calling = client.call(ddl, 'change', { nonce }, { targets: [name] }).all();
          await waitFor('the request to be sent again', () => tap.sent.length >= 2);
          daemon.kill('SIGCONT');
          expect(statesOf(await calling)).to.deep.equal({ [name]: 'ok' });
        } finally {
          daemon.kill('SIGCONT');
        }
        // Whatever was in the queue of the daemon comes before this.
        expect(statesOf(await change(network.nonce()))).to.deep.equal(all(workers, 'ok'));
        expect(await network.executions(nonce)).to.deep.equal([name]);
      });

    it('gets the results if its first replies are lost, without a second execution', async () => {
      const { network } = scene();
      const { tap } = connection;
      const nonce = network.nonce();
      const lost = new Set<string>();
      tap.loses = (topic) => {
        if (!topic.includes('/reply/') || lost.has(topic)) return false;
        lost.add(topic);
        return true;
      };
      try {
        expect(statesOf(await change(nonce))).to.deep.equal(all(workers, 'ok'));
      } finally {
        tap.loses = () => false;
      }
      expect(lost.size).to.equal(workers.length);
      expect(await network.executions(nonce)).to.deep.equal(workers);
    });

    it('calls daemons that were restarted since its last call, which run nothing again', async () => {
      const { network, build } = scene();
      const nonce = network.nonce();
      // Its first requests are signed; what is sealed dies with the daemon that it was sealed for.
      await using earlier = await connectLibrary(build, network.clientConfig);
      const first = earlier.client.call(ddl, 'change', { nonce }, { targets });
      expect(statesOf(await first.all())).to.deep.equal(all(workers, 'ok'));
      expect(statesOf(await change(network.nonce()))).to.deep.equal(all(workers, 'ok'));
      const messages = [...earlier.tap.sent];
      expect(messages).to.not.deep.equal([]);
      for (const name of ['a.lab', 'b.lab']) {
        await network.node(name).daemon.stop();
        await network.startDaemon(name);
      }
      const view = await connection.client.presence();
      await waitFor('all nodes to be online', () => workers.every((name) => view.isOnline(name)));
      await earlier.tap.replay(messages);
      const next = network.nonce();
      expect(statesOf(await change(next))).to.deep.equal(all(workers, 'ok'));
      expect(await network.executions(next)).to.deep.equal(workers);
      expect(await network.executions(nonce)).to.deep.equal(workers);
    });
  });
}
