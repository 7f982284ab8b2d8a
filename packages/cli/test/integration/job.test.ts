import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';
import { printed } from '../printed.js';

describe('mco and requests that outlive it', function () {
  this.timeout(120_000);
  let network: TestNetwork;

  before(async () => {
    network = await TestNetwork.start(['rip.mcollective', 'ann.mcollective']);
    await Promise.all([network.addNode('a.lab'), network.addNode('b.lab')]);
  });
  after(() => network?.stop());

  // Starts a slow action, and stops waiting for it once it is running.
  async function detached(seconds: number) {
    const running = network.start(['rpc', 'lab', 'slow', `seconds=${seconds}`, '-I', 'a.lab', '--stream']);
    await printed(running.stdout, 'a.lab: three\n');
    running.kill('SIGINT');
    const { exitCode, stderr } = await running;
    return { exitCode, stderr, id: /mco job attach ([0-9a-f]{32})/.exec(stderr)?.[1] ?? '' };
  }

  it('stops waiting at Ctrl-C and prints the id, with which another mco gets the output and the result', async () => {
    const { exitCode, stderr, id } = await detached(4);
    expect(exitCode).to.equal(130);
    expect(stderr.split('\n').slice(0, 1)).to.deep.equal([
      'No reply from: a.lab (this client stopped waiting)',
    ]);
    expect(stderr.split('\n').slice(2)).to.deep.equal([
      '1 node may still be running the action:',
      `  mco job attach ${id}   # wait for the remaining replies`,
      `  mco job cancel ${id}   # cancel the action`,
    ]);
    const attached = await network.mco(['job', 'attach', id, '--stream', '-v']);
    expect(attached.code).to.equal(0);
    expect(attached.stdout).to.match(/^a\.lab: one\na\.lab: two\na\.lab: three\na\.lab +OK +[\d.]+ m?s$/);
    const json = await network.mco(['job', 'attach', id, '--json']);
    expect(JSON.parse(json.stdout).results).to.have.length(1);
    expect(JSON.parse(json.stdout)).to.include({ agent: 'lab', action: 'slow' });
  });

  it('stops waiting at SIGTERM too', async () => {
    const running = network.start(['rpc', 'lab', 'slow', 'seconds=1', '-I', 'b.lab', '--stream']);
    await printed(running.stdout, 'b.lab: three\n');
    running.kill('SIGTERM');
    const { exitCode, stderr } = await running;
    expect(exitCode).to.equal(143);
    const id = /mco job attach ([0-9a-f]{32})/.exec(stderr)?.[1] ?? '';
    expect((await network.mco(['job', 'attach', id])).code).to.equal(0);
  });

  it('sends no request if Ctrl-C arrives during discovery', async () => {
    const running = network.start(['rpc', 'lab', 'slow', 'seconds=9', '--dt', '30', '-v']);
    await printed(running.stderr, 'connected to the broker');
    // The signal arrives once discovery has started, a moment after the connection.
    const nudge = setInterval(() => running.kill('SIGINT'), 1000);
    const { exitCode, stderr, stdout } = await running.finally(() => clearInterval(nudge));
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 130, stdout: '' });
    expect(stderr).to.include('mco: interrupted before the request was sent [INTERRUPTED]');
  });

  it('survives a client that is killed: the action ran once, and its result is kept', async () => {
    const running = network.start(['rpc', 'lab', 'slow', 'seconds=3', '-I', 'a.lab', '--jsonl', '--stream']);
    const seen = await printed(running.stdout, '"two\\nthree"');
    running.kill('SIGKILL');
    expect((await running).signal).to.equal('SIGKILL');
    const id = /"requestid":"([0-9a-f]{32})"/.exec(seen)?.[1] ?? '';
    const { stdout, code } = await network.mco(['job', 'attach', id, '--jsonl', '--stream']);
    expect(code).to.equal(0);
    const lines = stdout.split('\n').map((line) => JSON.parse(line));
    expect(lines.filter(({ kind }) => kind === 'progress').map(({ data }) => data)).to.deep.equal([
      'one',
      'two\nthree',
    ]);
    expect(lines.find(({ kind }) => kind === 'result')).to.include({ sender: 'a.lab', state: 'ok' });
  });

  it('shows where an action is running, and cancels it there', async () => {
    const { id } = await detached(50);
    const shown = await network.mco(['job', 'show', id]);
    expect(shown).to.deep.equal({
      stdout: `Job ${id}: lab slow\n\n   a.lab                                    running`,
      stderr: '',
      code: 0,
    });
    const cancelled = await network.mco(['job', 'cancel', id, '--json']);
    expect(cancelled.code).to.equal(0);
    expect(JSON.parse(cancelled.stdout)).to.deep.equal({
      version: 1,
      command: 'job cancel',
      statistics: { requestid: id, running: 0, ended: 1 },
      errors: [],
      agent: 'lab',
      action: 'slow',
      results: [{ sender: 'a.lab', state: 'cancelled', statuscode: 1, statusmsg: 'cancelled by the caller' }],
    });
    expect((await network.mco(['job', 'attach', id])).code).to.equal(2);
  });

  it('lists the requests of this caller, and not the requests of others', async () => {
    const { id } = await detached(50);
    const text = await network.mco(['job', 'list', '--running']);
    expect(text.code).to.equal(0);
    expect(text.stdout.split('\n')[0]).to.match(/^ {3}Age +Id +Action +Nodes$/);
    const lines = text.stdout.split('\n').filter((line) => line.includes(id));
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(new RegExp(`^ {3}[\\d.]+ m?s +${id} +lab slow +1 running$`));
    const all = JSON.parse((await network.mco(['job', 'list', '--json'])).stdout);
    const begun = all.results.find((job: { requestid: string }) => job.requestid === id);
    expect(begun).to.include({ agent: 'lab', action: 'slow', collective: 'mcollective' });
    expect(begun.nodes).to.deep.equal([{ sender: 'a.lab', state: null }]);
    const others = await network.mco(['job', 'list', '--json'], { caller: 'ann.mcollective' });
    expect(JSON.parse(others.stdout).results).to.deep.equal([]);
    expect(others.code).to.equal(0);
    await network.mco(['job', 'cancel', id]);
    const after = JSON.parse((await network.mco(['job', 'list', '--json'])).stdout);
    expect(after.results.find((job: { requestid: string }) => job.requestid === id).nodes).to.deep.equal([
      { sender: 'a.lab', state: 'cancelled' },
    ]);
    expect((await network.mco(['job', 'list', '--running'])).stderr).to.include(
      'No node is running a request from you',
    );
  });

  it('is unknown to another caller', async () => {
    const { id } = await detached(2);
    const { stdout, code } = await network.mco(['job', 'attach', id, '-I', 'a.lab', '--json'], {
      caller: 'ann.mcollective',
    });
    expect(code).to.equal(2);
    const [unknown] = JSON.parse(stdout).results;
    expect(unknown).to.deep.include({
      state: 'unknown',
      statusmsg: 'this node has no record of this request',
    });
  });

  it('reports a request that no node keeps', async () => {
    const id = '0'.repeat(32);
    expect(await network.mco(['job', 'show', id])).to.deep.equal({
      stdout: '',
      stderr: `mco: no node has the request ${id}: the id is wrong, its replies have expired, or the daemons were restarted (mco job list lists the requests that nodes keep) [REQUEST_UNKNOWN]`,
      code: 1,
    });
  });

  describe('on a terminal', () => {
    // util-linux's script gives it one; what it writes is one stream, as a person sees it.
    async function typed(args: readonly string[], keys: readonly (readonly [after: RegExp, key: string])[]) {
      const command = [process.execPath, network.executable, ...args].map((word) => `'${word}'`).join(' ');
      const child = execa('script', ['-qefc', command, '/dev/null'], {
        extendEnv: false,
        env: { ...network.environment(), TERM: 'xterm', SHELL: '/bin/sh' },
        reject: false,
        timeout: 60_000,
      });
      let seen = '';
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk;
      });
      for (const [awaited, key] of keys) {
        await waitFor(`${awaited} on the terminal`, () => awaited.test(seen), { timeoutSeconds: 30 });
        child.stdin.write(key);
      }
      const { exitCode } = await child;
      return { seen: seen.replaceAll('\r\n', '\n'), exitCode };
    }

    it('asks before it changes all nodes', async () => {
      const question = /Run it on all 2 nodes\? \[y\/N\] /;
      const no = await typed(['rpc', 'lab', 'move', 'to=here'], [[question, 'n\r']]);
      expect(no.exitCode).to.equal(1);
      expect(no.seen)
        .to.include('lab move changes hosts, and no filter is given.')
        .and.to.include('mco: not confirmed: the request was not sent [NOT_CONFIRMED]\n');
      const left = await typed(['rpc', 'lab', 'move', 'to=here'], [[question, '\u0003']]);
      expect(left.exitCode).to.equal(1);
      expect(left.seen).to.include('mco: not confirmed: the request was not sent [NOT_CONFIRMED]\n');
      const yes = await typed(['rpc', 'lab', 'move', 'to=here'], [[question, 'y\r']]);
      expect(yes.exitCode).to.equal(0);
      expect(yes.seen).to.match(/Finished processing 2 \/ 2 hosts/);
    });

    it('shows a progress bar', async () => {
      const { seen, exitCode } = await typed(['rpc', 'lab', 'slow', 'seconds=2'], []);
      expect(exitCode).to.equal(0);
      expect(seen).to.match(/\r0 \/ 2 {2}\ds \[ +\] 0%/);
      expect(seen.split('\n').at(-2)).to.match(/Finished processing 2 \/ 2 hosts/);
    });

    it('stops waiting at the first Ctrl-C and cancels at the second', async () => {
      const { seen, exitCode } = await typed(
        ['rpc', 'lab', 'slow', 'seconds=50', '--stream'],
        [
          [/b\.lab: three/, '\u0003'],
          [/Press Ctrl-C again within 3 s to cancel/, '\u0003'],
        ],
      );
      expect(exitCode).to.equal(130);
      expect(seen).to.include('Cancelling the action on 2 nodes');
      expect(seen.match(/[ab]\.lab +Cancelled$/gm)).to.have.length(2);
    });
  });
});
