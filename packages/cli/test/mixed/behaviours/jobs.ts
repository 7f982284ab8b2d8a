import { skip } from '@troupe/testkit';
import { expect } from 'chai';
import { it } from 'mocha';
import { printed } from '../../printed.js';
import { documentOf, type Mco } from '../mco.js';
import { all, named, type Scene, workers } from '../scene.js';

/** Requests that go on without the client that sent them. */
export function jobs(scene: () => Scene): void {
  // Sends the request, and returns its id when it runs on all these nodes.
  async function held({ mco, network }: Scene, nonce: string, names: readonly string[]) {
    const { stdout, code } = await mco.run(
      ...['rpc', 'mixed', 'hold', `nonce=${nonce}`, '--no-results'],
      ...named(...names),
    );
    expect(code).to.equal(0);
    expect(stdout).to.match(/^[0-9a-f]{32}$/);
    await network.executed(nonce, names);
    return stdout;
  }

  it('sends a request without waiting, and gets its replies later', async () => {
    const { mco } = scene();
    const { stdout, code } = await mco.run('rpc', 'mixed', 'weigh', '--no-results');
    expect(code).to.equal(0);
    const attached = await mco.call('job', 'attach', stdout);
    expect({ code: attached.code, states: attached.states }).to.deep.equal({
      code: 0,
      states: all(workers, 'ok'),
    });
  });

  it('stops waiting at Ctrl-C, and each version of mco attaches to what goes on', async () => {
    const { mco, other, network } = scene();
    const nonce = network.nonce();
    const running = mco.start(
      ...['rpc', 'mixed', 'hold', `nonce=${nonce}`, '--stream'],
      ...named('a.lab', 'b.lab'),
    );
    await printed(running.stdout, /[ab]\.lab: three\n[\s\S]*[ab]\.lab: three\n/);
    running.kill('SIGINT');
    const { exitCode, stderr } = await running;
    expect(exitCode).to.equal(130);
    const id = /mco job attach ([0-9a-f]{32})/.exec(stderr)?.[1] ?? '';
    const attaching = [mco, other].map((each) => each.start('job', 'attach', id, '--stream'));
    await Promise.all(attaching.map(({ stdout }) => printed(stdout, /[ab]\.lab: three\n[\s\S]*three\n/)));
    await network.release(nonce);
    for (const { exitCode: code, stdout } of await Promise.all(attaching)) {
      expect(code).to.equal(0);
      expect(stdout).to.include('a.lab: released').and.to.include('b.lab: released');
    }
    expect(await network.executions(nonce)).to.deep.equal(['a.lab', 'b.lab']);
  });

  it('lists, shows and cancels a request that goes on', async () => {
    const { mco, network } = scene();
    const nonce = network.nonce();
    const id = await held(scene(), nonce, workers);
    const list = mco.dialect.jobs(documentOf(await mco.run('job', 'list', '--json')));
    const listed = list.find(({ requestid }) => requestid === id);
    expect(listed?.action).to.equal('hold');
    expect(listed?.nodes.map(({ sender, state }) => [sender, state]).sort()).to.deep.equal(
      workers.map((name) => [name, null]),
    );
    const shown = await mco.run('job', 'show', id);
    expect(shown.code).to.equal(0);
    for (const name of workers) expect(shown.stdout).to.include(name);
    const cancelled = await mco.run('job', 'cancel', id, '--json');
    const ends = mco.dialect.cancelled(documentOf(cancelled)).map(({ sender, state }) => [sender, state]);
    expect(ends.sort()).to.deep.equal(workers.map((name) => [name, 'cancelled']));
    const attached = await mco.call('job', 'attach', id);
    expect(attached.states).to.deep.equal(all(workers, 'cancelled'));
  });

  it('cancels what the other version of mco has sent', async () => {
    const { mco, other, network } = scene();
    const nonce = network.nonce();
    const id = await held(scene(), nonce, ['b.lab', 'c.lab']);
    expect((await other.run('job', 'cancel', id)).code).to.equal(0);
    const { states } = await mco.call('job', 'attach', id);
    expect(states).to.deep.equal(all(['b.lab', 'c.lab'], 'cancelled'));
  });

  const listens = async ({ mco }: Scene, listener: Mco) => {
    const session = `ears-${listener.build.version}`;
    const listening = listener.start('listen', session, '--jsonl', '--count', '3');
    await printed(listening.stderr, `session ${session}`);
    const sent = await mco.run('rpc', 'mixed', 'weigh', '--reply-to', session);
    expect(sent.code).to.equal(0);
    const { stdout, exitCode } = await listening;
    expect(exitCode).to.equal(0);
    const ends = stdout
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ sender }) => sender !== undefined)
      .map(({ sender, state }) => [sender, state]);
    expect(ends.sort()).to.deep.equal(workers.map((name) => [name, 'ok']));
  };

  it('sends the replies to a listening mco of the same version', () => listens(scene(), scene().mco));

  it('sends the replies to a listening mco of the other version', async function () {
    const { mco, other, network } = scene();
    const isNewCall =
      mco.build.version === 'new' && workers.some((name) => network.node(name).build.version === 'new');
    if (isNewCall)
      skip(this, 'a node replies in the version of the request, which an old listener cannot read');
    await listens(scene(), other);
  });
}
