import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ddl } from '../lab-agent.js';
import { type Ran, TestNetwork } from '../network.js';
import { printed } from '../printed.js';

describe('mco and nodes that do not reply', function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let vanished: Promise<Ran>;

  before(async () => {
    network = await TestNetwork.start();
    await network.keepDdl(ddl);
    await Promise.all(['well.lab', 'hung.lab', 'doomed.lab'].map((name) => network.addNode(name)));
    // A node that goes away has half a minute to come back: the other tests run meanwhile.
    const running = network.start([
      'rpc',
      'lab',
      'slow',
      'seconds=50',
      '-I',
      'doomed.lab',
      '--stream',
      '--json',
    ]);
    vanished = Promise.resolve(
      running.then(({ stdout, stderr, exitCode: code }) => ({ stdout, stderr, code })),
    );
    await printed(running.stderr, 'doomed.lab: three');
    await network.daemon('doomed.lab').stop({ signal: 'SIGKILL' });
    network.daemon('hung.lab').kill('SIGSTOP');
  });
  after(async () => {
    network?.daemon('hung.lab').kill('SIGCONT');
    await network?.stop();
  });

  it('lists a node that does not respond to discovery, and exits with 5', async () => {
    const { stdout, stderr, code } = await network.mco(['rpc', 'lab', 'weigh', '--senders']);
    expect({ stdout, code }).to.deep.equal({ stdout: 'well.lab', code: 5 });
    expect(stderr).to.include(
      'No response from: hung.lab (online; they may still run the action if the filter matches)',
    );
    // Where nodes are looked for first, it was not asked.
    const some = await network.mco(['rpc', 'lab', 'weigh', '--senders', '--limit', '5']);
    expect(some.code).to.equal(5);
    expect(some.stderr).to.include('No response to discovery from: hung.lab (online)');
    const ping = await network.mco(['ping', '--json']);
    expect(ping.code).to.equal(5);
    expect(JSON.parse(ping.stdout).statistics).to.deep.include({
      silent: ['hung.lab'],
      offline: ['doomed.lab'],
    });
  });

  it('reports how often a named node was called without a reply, and exits with 4', async () => {
    const { stdout, stderr, code } = await network.mco(['rpc', 'lab', 'weigh', '-I', 'hung.lab']);
    expect({ stdout, code }).to.deep.equal({ stdout: '', code: 4 });
    expect(stderr).to.match(/^No reply from: hung\.lab \(online, called 4 times in 10 s\)\n/);
  });

  it('reports an unknown outcome for a node that was killed during the action', async () => {
    const { stdout, code } = await vanished;
    expect(code).to.equal(4);
    const { results } = JSON.parse(stdout);
    expect(results).to.have.length(1);
    expect(results[0]).to.deep.include({
      sender: 'doomed.lab',
      state: 'offline',
      statuscode: null,
      statusmsg: 'the node went offline while the action was running: its outcome is unknown',
    });
  });
});
