import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { it } from 'mocha';
import { printed } from '../mco.js';
import type { Scene } from '../scene.js';

/** Requests that are sent again, and daemons that end meanwhile: nothing runs twice. */
export function repeating(scene: () => Scene): void {
  async function messagesOf({ mco }: Scene, name: string): Promise<number> {
    const { results } = await mco.call('rpc', 'rpcutil', 'daemon_stats', '-I', name);
    return Number(results[0]?.data?.total);
  }

  for (const name of ['a.lab', 'b.lab'])
    it(`runs a request that reached ${name} several times once`, async () => {
      const { mco, network } = scene();
      const nonce = network.nonce();
      const before = await messagesOf(scene(), name);
      const { daemon } = network.node(name);
      daemon.kill('SIGSTOP');
      const calling = mco.call('rpc', 'mixed', 'change', `nonce=${nonce}`, '-I', name);
      // Longer than a client waits before it sends the request again.
      await delay(4000);
      daemon.kill('SIGCONT');
      const { code, states } = await calling;
      expect({ code, states }).to.deep.equal({ code: 0, states: { [name]: 'ok' } });
      // The request twice at least, and the question itself.
      expect((await messagesOf(scene(), name)) - before).to.be.at.least(3);
      expect(await network.executions(nonce)).to.deep.equal([name]);
    });

  for (const name of ['a.lab', 'b.lab'])
    it(`reports an unknown outcome if the daemon of ${name} was killed, and runs nothing again`, async () => {
      const { mco, network } = scene();
      const nonce = network.nonce();
      const calling = mco.start('rpc', 'mixed', 'hold', `nonce=${nonce}`, '-I', name, '--stream', '--json');
      await printed(calling.stderr, `${name}: three`);
      const { daemon } = network.node(name);
      daemon.kill('SIGKILL');
      await daemon.exited;
      await network.startDaemon(name);
      const { stdout, stderr, exitCode } = await calling;
      const { code, states } = mco.called({ stdout, stderr, code: exitCode });
      expect({ code, states }).to.deep.equal({ code: 2, states: { [name]: 'unknown' } });
      expect(await network.executions(nonce)).to.deep.equal([name]);
    });
}
