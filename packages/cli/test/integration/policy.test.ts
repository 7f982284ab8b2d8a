import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';

describe('mco policy explain --node', function () {
  this.timeout(60_000);
  let network: TestNetwork;

  before(async () => {
    network = await TestNetwork.start();
    await network.addNode('web1.lab', { facts: { os: { family: 'Debian' } }, classes: ['webserver'] });
    await writeFile(
      network.folder.join('lab.policy'),
      'policy default deny\nallow\trip.mcollective\tweigh\tos.family=Debian\twebserver\n',
    );
  });
  after(() => network?.stop());

  const explain = (...more: string[]) =>
    network.mco([
      ...['policy', 'explain', network.folder.join('lab.policy'), '--caller', 'rip.mcollective'],
      ...['--agent', 'lab', '--action', 'weigh', ...more],
    ]);

  it('evaluates a policy with the facts and classes of the node', async () => {
    const { stdout, code } = await explain('--node', 'web1.lab');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^allowed: rip\.mcollective → lab weigh\n.*lab\.policy:2: allow/);
    expect((await explain()).code).to.equal(2);
  });

  it('reports a node that does not reply, and refuses other facts beside --node', async () => {
    const { stderr, code } = await explain('--node', 'web9.lab');
    expect(code).to.equal(1);
    expect(stderr).to.match(/^mco: cannot read the facts of web9\.lab: no-reply: /);
    expect((await explain('--node', 'web1.lab', '--fact', 'a=b')).stderr).to.match(
      /^mco: --node <identity> cannot be used with --fact <name=value> \[USAGE_INVALID\]$/,
    );
  });
});
