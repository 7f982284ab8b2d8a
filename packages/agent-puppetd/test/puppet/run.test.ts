import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { identify, isAlive } from '@troupe/host';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { attachRun, PuppetRun, type RunOptions } from '../../src/puppet/index.js';
import { type FakeHost, fakeCommand, fakeHost } from './fake.js';

const starter = fileURLToPath(new URL('./starter.js', import.meta.url));

describe('a run of Puppet', () => {
  let host: FakeHost;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    host = await fakeHost();
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await host[Symbol.asyncDispose]();
  });

  const isStarted = () => waitFor('the fake run', () => existsSync(host.path('started')));

  /** A process that leads a group, as a run's shell does, and lives until it is killed. */
  async function stranger(): Promise<ChildProcess & { pid: number }> {
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    children.push(child);
    await once(child, 'spawn');
    return child as ChildProcess & { pid: number };
  }

  it('hands on the output while it goes on', async () => {
    const release = host.path('release');
    const run = await host
      .puppet({
        FAKE_STATUS: 'changed',
        FAKE_EXIT: '2',
        FAKE_OUTPUT: 'Info: one\nInfo: two',
        FAKE_WAIT: release,
      })
      .start();
    const lines: string[] = [];
    const verdict = run.follow({ onOutput: (more) => lines.push(...more) });
    await waitFor('two lines', () => lines.length === 2);
    expect(await run.isRunning()).to.equal(true);
    await writeFile(release, '');
    expect((await verdict).outcome).to.equal('changed');
    expect(lines).to.deep.equal(['Info: one', 'Info: two']);
    expect(await run.isRunning()).to.equal(false);
  });

  it('gives every follower the whole output and the same verdict, also later', async () => {
    const puppet = host.puppet({ FAKE_STATUS: 'unchanged', FAKE_OUTPUT: 'Info: one' });
    const run = await puppet.start();
    const first: string[] = [];
    const second: string[] = [];
    const [verdict, same] = await Promise.all([
      run.follow({ onOutput: (lines) => first.push(...lines) }),
      run.follow({ onOutput: (lines) => second.push(...lines) }),
    ]);
    expect(same).to.deep.equal(verdict);
    expect(second).to.deep.equal(first);
    await rm(host.path('lastrunreport'));
    expect(await (await puppet.attach(run.id))?.follow()).to.deep.equal(verdict);
  });

  it('bounds what it hands on and says where the rest is', async () => {
    const run = await host.puppet({ FAKE_OUTPUT: 'x'.repeat(30).concat('\n').repeat(100) }).start();
    const lines: string[] = [];
    const verdict = await run.follow({ onOutput: (more) => lines.push(...more), maxOutput: 200 });
    expect(lines).to.have.length(7);
    expect(lines.at(-1)).to.include(run.record.folder);
    expect(verdict.tail).to.have.length(50);
  });

  it('goes on when following is given up', async () => {
    const release = host.path('release');
    const run = await host.puppet({ FAKE_STATUS: 'unchanged', FAKE_WAIT: release }).start();
    const giveUp = new AbortController();
    const followed = run.follow({ signal: giveUp.signal }).then(
      () => 'followed',
      (error: Error) => error.message,
    );
    await isStarted();
    giveUp.abort(new Error('enough'));
    expect(await followed).to.equal('enough');
    expect(await run.isRunning()).to.equal(true);
    await writeFile(release, '');
    expect((await run.follow()).outcome).to.equal('unchanged');
  });

  it('gets a clean environment and arguments that no shell reads', async () => {
    const run = await host.puppet().start({
      id: 'run-1',
      environment: 'bootstrap',
      noop: true,
      tags: ['base', 'ntp::server'],
      server: '[::1]:8141',
      runTimeoutSeconds: 600,
    });
    await run.follow();
    const args = (await readFile(host.path('arguments'), 'utf8')).trim().split('\n').join(' ');
    for (const part of [
      '--job-id run-1',
      '--environment bootstrap --strict_environment_mode',
      '--noop',
      '--tags base,ntp::server',
      '--server ::1 --serverport 8141',
      '--runtimeout 600',
      '--no-splay',
      '--no-usecacheonfailure',
      '--detailed-exitcodes',
      '--color=false',
    ]) {
      expect(args).to.include(part);
    }
    const names = (await readFile(host.path('env'), 'utf8')).split('\n').map((line) => line.split('=')[0]);
    expect(
      names.filter((name) => name && !['_', 'PWD', 'OLDPWD', 'SHLVL', 'HOME'].includes(name)),
    ).to.have.members(['PATH', 'LANG', 'FAKE_DIR']);
  });

  it('closes connections where Puppet will submit its first CSR, and only there', async () => {
    const given = async (options: RunOptions = {}) => {
      await (await host.puppet().start(options)).follow();
      return (await readFile(host.path('arguments'), 'utf8')).includes('--http_keepalive_timeout\n0\n');
    };
    expect(await given()).to.equal(true);
    expect(await given({ closeConnections: false })).to.equal(false);
    await writeFile(host.path('hostcsr'), '');
    expect(await given()).to.equal(false);
    await rm(host.path('hostcsr'));
    await writeFile(host.path('hostcert'), '');
    expect(await given()).to.equal(false);
    expect(await given({ closeConnections: true })).to.equal(true);
  });

  for (const [option, options] of Object.entries({
    environment: { environment: 'x; touch /tmp/y' },
    tags: { tags: ['ok', '--server=evil'] },
    server: { server: '--server=evil' },
    id: { id: '../x' },
    runTimeoutSeconds: { runTimeoutSeconds: Number.NaN },
  })) {
    it(`refuses a value of ${option} that has not the form of one`, async () => {
      const error = await host
        .puppet()
        .start(options)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      expect(error).to.have.property('code', 'INPUT_INVALID');
      expect(error).to.have.property('message').that.includes(option);
      expect(existsSync(host.path('arguments'))).to.equal(false);
    });
  }

  it('is started once for one id', async () => {
    const release = host.path('release');
    const puppet = host.puppet({ FAKE_STATUS: 'unchanged', FAKE_WAIT: release });
    const [one, same] = await Promise.all([puppet.start({ id: 'r1' }), puppet.start({ id: 'r1' })]);
    const later = await puppet.start({ id: 'r1' });
    expect(same.record).to.deep.equal(one.record);
    expect(later.record).to.deep.equal(one.record);
    await writeFile(release, '');
    await one.follow();
    expect(await puppet.runs()).to.have.length(1);
  });

  it('never began where whoever claimed it died before the record', async () => {
    const puppet = host.puppet({ FAKE_STATUS: 'unchanged' });
    const first = await puppet.start({ id: 'r1' });
    await first.follow();
    await rm(`${first.record.folder}/run.json`);
    await rm(host.path('started'));
    expect((await (await puppet.start({ id: 'r1' })).follow()).outcome).to.equal('unchanged');
    expect(existsSync(host.path('started'))).to.equal(true);
  });

  it('is attached to and judged after its starter was killed', async () => {
    const release = host.path('release');
    const env = {
      FAKE_DIR: host.folder,
      FAKE_STATUS: 'changed',
      FAKE_EXIT: '2',
      FAKE_OUTPUT: 'Info: one',
      FAKE_WAIT: release,
    };
    const daemon = spawn(process.execPath, [starter, host.stateDir, fakeCommand, JSON.stringify(env), 'r1']);
    children.push(daemon);
    await once(daemon.stdout, 'data');
    await isStarted();
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');

    const run = await attachRun(host.stateDir, 'r1');
    expect(await run?.isRunning()).to.equal(true);
    const lines: string[] = [];
    const verdict = run?.follow({ onOutput: (more) => lines.push(...more) });
    await writeFile(release, '');
    expect(await verdict).to.include({ ok: true, outcome: 'changed', exitCode: 2 });
    expect((await verdict)?.seconds).to.be.within(0, 60);
    expect(lines).to.deep.equal(['Info: one']);
  });

  it('is judged by what it left, though another run has replaced the report since', async () => {
    const daemon = spawn(process.execPath, [
      starter,
      host.stateDir,
      fakeCommand,
      JSON.stringify({ FAKE_DIR: host.folder, FAKE_STATUS: 'changed', FAKE_EXIT: '2' }),
      'r1',
    ]);
    children.push(daemon);
    const run = await waitFor('the run', () => attachRun(host.stateDir, 'r1'));
    daemon.kill('SIGKILL');
    await waitFor('its end', async () => !(await run.isRunning()));
    await writeFile(host.path('lastrunreport'), '---\nstatus: failed\ntransaction_completed: false\n');
    expect(await run.follow()).to.include({ ok: true, outcome: 'changed' });
  });

  it('is killed with everything that it started', async () => {
    const run = await host
      .puppet({ FAKE_CHILD: 'yes', FAKE_WAIT: host.path('never'), FAKE_ON_TERM: 'exit' })
      .start();
    await isStarted();
    const child = await waitFor('its child', async () => Number(await readFile(host.path('child'), 'utf8')));
    const identity = identify(child);
    expect(identity).not.to.equal(undefined);
    const verdict = await run.abort('the caller went away', { graceSeconds: 0.5 });
    expect(verdict).to.include({ ok: false, outcome: 'aborted' });
    expect(verdict.reason).to.equal('The run was aborted: the caller went away');
    expect(identity && isAlive(identity)).to.equal(false);
    // Once: a second SIGTERM would disturb Puppet while it writes its report.
    expect(verdict.tail.filter((line) => line.includes('Caught TERM'))).to.have.length(1);
    expect(await run.isRunning()).to.equal(false);
  });

  it('is killed though it ignores SIGTERM', async () => {
    const run = await host.puppet({ FAKE_WAIT: host.path('never'), FAKE_ON_TERM: 'ignore' }).start();
    await isStarted();
    expect((await run.abort('no patience', { graceSeconds: 0.3 })).outcome).to.equal('aborted');
  });

  it('that ended well is not spoilt by an abort that comes late', async () => {
    const run = await host.puppet({ FAKE_STATUS: 'unchanged' }).start();
    await run.follow();
    expect((await run.abort('too late')).outcome).to.equal('unchanged');
  });

  for (const [signal, exitCode, reason] of [
    ['SIGKILL', 137, /signal 9/],
    ['SIGTERM', 143, /signal 15/],
  ] as const) {
    it(`that somebody ends with ${signal} counts as killed`, async () => {
      const run = await host.puppet({ FAKE_WAIT: host.path('never') }).start();
      await isStarted();
      process.kill(Number(await readFile(host.path('started'), 'utf8')), signal);
      const verdict = await run.follow();
      expect(verdict).to.include({ ok: false, outcome: 'killed', exitCode });
      expect(verdict.reason).to.match(reason);
    });
  }

  it('whose whole group is killed counts as killed', async () => {
    const run = await host.puppet({ FAKE_WAIT: host.path('never') }).start();
    await isStarted();
    process.kill(-run.record.process.pid, 'SIGKILL');
    expect(await run.follow()).to.include({ ok: false, outcome: 'killed', exitCode: null, seconds: null });
  });

  it('is over where its number belongs to somebody else, who is left alone', async () => {
    const run = await host.puppet({ FAKE_STATUS: 'unchanged' }).start();
    await run.follow();
    await rm(`${run.record.folder}/exit`);
    await rm(`${run.record.folder}/verdict.json`);
    const { pid } = await stranger();
    const recycled = new PuppetRun({ ...run.record, process: { ...run.record.process, pid } });
    expect(await recycled.isRunning()).to.equal(false);
    expect(await recycled.abort('cleaning up', { graceSeconds: 0.2 })).to.include({ outcome: 'killed' });
    expect(identify(pid)).not.to.equal(undefined);
  });

  it('that was going on when the machine went down counts as killed', async () => {
    const run = await host.puppet({ FAKE_STATUS: 'unchanged' }).start();
    await run.follow();
    await rm(`${run.record.folder}/exit`);
    await rm(`${run.record.folder}/verdict.json`);
    const before = new PuppetRun({ ...run.record, process: { ...run.record.process, bootId: 'another' } });
    expect((await before.follow()).reason).to.equal('The host went down during the run');
  });

  it('is kept until ten newer ones are judged', async () => {
    const puppet = host.puppet({ FAKE_STATUS: 'unchanged' });
    for (let number = 0; number < 12; number += 1) await (await puppet.start({ id: `r${number}` })).follow();
    const kept = (await puppet.runs()).map(({ id }) => id);
    expect(kept).to.have.length(11);
    expect(kept).to.include('r11').and.not.include('r0');
  });
});
