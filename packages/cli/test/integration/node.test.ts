import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ddl } from '../lab-agent.js';
import { TestNetwork } from '../network.js';

describe('mco node', function () {
  this.timeout(120_000);
  let network: TestNetwork;

  before(async () => {
    network = await TestNetwork.start();
    await network.keepDdl(ddl);
    await Promise.all([network.addNode('web1.lab'), network.addNode('web2.lab', { isPlain: true })]);
  });
  after(() => network?.stop());

  const offline = async () => {
    const { stdout } = await network.mco(['ping', '--json']);
    return (JSON.parse(stdout) as { statistics: { offline: string[] } }).statistics.offline;
  };

  it('pauses a node, which then runs only actions that do not change it, until it is resumed', async () => {
    const reason = 'disk replacement';
    const paused = await network.mco(['node', 'pause', '-I', 'web1.lab', '--reason', reason, '--json']);
    expect(JSON.parse(paused.stdout).results[0].data).to.include({
      paused: true,
      by: 'rip.mcollective',
      reason,
    });
    const change = await network.mco(['rpc', 'lab', 'move', 'to=x', '-I', 'web1.lab', '--json']);
    expect(change.code).to.equal(2);
    expect(JSON.parse(change.stdout).results[0].statusmsg).to.match(
      /^this node is paused by rip\.mcollective since .*: disk replacement; .*mco node resume -I web1\.lab/,
    );
    expect((await network.mco(['rpc', 'rpcutil', 'ping', '-I', 'web1.lab'])).code).to.equal(0);
    expect((await network.mco(['doctor', '--json'])).stdout).to.include('are refused: web1.lab');
    expect((await network.mco(['node', 'resume', '-I', 'web1.lab'])).code).to.equal(0);
    expect((await network.mco(['rpc', 'lab', 'move', 'to=x', '-I', 'web1.lab'])).code).to.equal(0);
  });

  it('forgets a node that no longer exists, and no other', async () => {
    const responding = await network.mco(['node', 'forget', 'web2.lab']);
    expect(responding).to.deep.include({
      code: 2,
      stderr: 'mco: web2.lab: the node responds: it was not forgotten',
    });
    await network.daemon('web2.lab').stop();
    expect(await offline()).to.deep.equal(['web2.lab']);
    expect(await network.mco(['node', 'forget', 'web2.lab'])).to.deep.include({
      code: 0,
      stdout: 'web2.lab: forgotten',
    });
    expect(await offline()).to.deep.equal([]);
    const again = await network.mco(['node', 'forget', 'web2.lab', '--json']);
    expect(again.code).to.equal(2);
    expect(JSON.parse(again.stdout).results[0]).to.include({ name: 'web2.lab', outcome: 'unknown' });
    expect((await network.mco(['node', 'forget', '/web/'])).stderr).to.include('not a pattern: /web/');
  });
});
