import { expect } from 'chai';
import { it } from 'mocha';
import { printed } from '../../printed.js';
import type { Scene } from '../scene.js';

/** Daemons that end while they run an action: it does not run again. */
export function killing(scene: () => Scene): void {
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
