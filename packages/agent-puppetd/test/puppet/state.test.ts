import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type PuppetRun, readStatus } from '../../src/puppet/index.js';
import { type FakeHost, fakeHost } from './fake.js';

describe('the state of Puppet', () => {
  let host: FakeHost;
  let run: PuppetRun | undefined;

  beforeEach(async () => {
    host = await fakeHost();
  });

  afterEach(async () => {
    await run?.abort('the test is over', { graceSeconds: 0.2 });
    run = undefined;
    await host[Symbol.asyncDispose]();
  });

  /** The number of a living process that is Puppet. */
  async function livingPuppet(): Promise<string> {
    run = await host.puppet({ FAKE_WAIT: host.path('never') }).start();
    return waitFor('the fake run', async () => (await readFile(host.path('started'), 'utf8')).trim());
  }

  const lock = (pid: string) => writeFile(host.path('agent_catalog_run_lockfile'), pid);
  const pidfile = (pid: string) => writeFile(host.path('pidfile'), pid);

  it('is stopped where nothing runs and nothing ever ran', async () => {
    expect(await host.puppet().status()).to.deep.equal({
      applying: false,
      enabled: true,
      disable_message: '',
      daemon_present: false,
      idling: false,
      lastrun: 0,
      lastrun_began: 0,
      lastrun_outcome: 'never',
      server: 'fake',
      since_lastrun: null,
      status: 'stopped',
      message: 'stopped; has never run',
    });
  });

  it('is applying where the lock belongs to a living Puppet', async () => {
    await lock(await livingPuppet());
    expect(await host.puppet().status()).to.include({
      applying: true,
      idling: false,
      status: 'applying a catalog',
    });
  });

  it('is not applying where the lock was left by a process that died', async () => {
    const gone = spawn('true');
    await new Promise((resolve) => gone.once('exit', resolve));
    await lock(String(gone.pid));
    expect(await host.puppet().status()).to.include({ applying: false, status: 'stopped' });
  });

  it('is not applying where the number in the lock has passed to another program', async () => {
    await lock(String(process.pid));
    expect(await host.puppet().status()).to.include({ applying: false });
  });

  for (const content of ['', 'nonsense', '-1', '0', '99999999999999']) {
    it(`is not applying where the lock holds ${JSON.stringify(content)}`, async () => {
      await lock(content);
      expect(await host.puppet().status()).to.include({ applying: false });
    });
  }

  it('is idling where the daemon runs and no catalog is applied', async () => {
    const pid = await livingPuppet();
    await pidfile(`${pid}\n`);
    expect(await host.puppet().status()).to.include({ daemon_present: true, idling: true, status: 'idling' });
    expect(await host.puppet().daemonPid()).to.equal(Number(pid));
    await lock(pid);
    expect(await host.puppet().status()).to.include({ daemon_present: true, idling: false, applying: true });
  });

  it('is disabled with a message, which stands until it is enabled', async () => {
    const puppet = host.puppet();
    expect(await puppet.disable('do not touch')).to.equal(true);
    expect(await puppet.disable('another reason')).to.equal(false);
    expect(await puppet.status()).to.include({
      enabled: false,
      disable_message: 'do not touch',
      status: 'disabled',
      message: 'disabled; has never run',
    });
    expect(JSON.parse(await readFile(host.path('agent_disabled_lockfile'), 'utf8'))).to.deep.equal({
      disabled_message: 'do not touch',
    });
    expect(await puppet.enable()).to.equal(true);
    expect(await puppet.enable()).to.equal(false);
    expect(await puppet.status()).to.include({ enabled: true, disable_message: '' });
  });

  it('is disabled once where several ask at a time', async () => {
    const puppet = host.puppet();
    await puppet.settings();
    const results = await Promise.all(['a', 'b', 'c'].map((message) => puppet.disable(message)));
    expect(results.filter(Boolean)).to.have.length(1);
  });

  for (const content of ['', '{}', '{"disabled_message":7}', 'torn {']) {
    it(`is disabled by a lock file that holds ${JSON.stringify(content)}`, async () => {
      await writeFile(host.path('agent_disabled_lockfile'), content);
      expect(await host.puppet().status()).to.include({ enabled: false, disable_message: '' });
    });
  }

  it('tells when the last run ended', async () => {
    await writeFile(host.path('lastrunfile'), '---\nresources:\n  total: 7\ntime:\n  last_run: 1000000000\n');
    const settings = await host.puppet().settings();
    expect(await readStatus(settings, 1_000_007_200_000)).to.include({
      lastrun: 1_000_000_000,
      since_lastrun: 7200,
      message: 'stopped; last run ended 2 hours ago',
    });
  });

  for (const [seconds, words] of [
    [0, '0 seconds'],
    [59, '59 seconds'],
    [1, '1 second'],
    [60, '1 minute'],
    [3_599, '59 minutes'],
    [3_600, '1 hour'],
    [172_799, '47 hours'],
    [172_800, '2 days'],
    [-5, '0 seconds'],
  ] as const)
    it(`says ${words} of a run that ended ${seconds} s ago`, async () => {
      await writeFile(
        host.path('lastrunfile'),
        '---\nresources:\n  total: 7\ntime:\n  last_run: 1000000000\n',
      );
      const status = await readStatus(await host.puppet().settings(), (1_000_000_000 + seconds) * 1000 + 999);
      expect(status).to.include({
        since_lastrun: Math.max(0, seconds),
        message: `stopped; last run ended ${words} ago`,
      });
    });

  it('tells when the last run began', async () => {
    await writeFile(
      host.path('lastrunreport'),
      "--- x\ntime: '2026-01-01T00:00:00.700000000Z'\nstatus: changed\n",
    );
    const status = await readStatus(await host.puppet().settings());
    expect(status).to.include({ lastrun_began: Date.UTC(2026, 0, 1) / 1000, lastrun: null });
  });

  it('is applying a catalog and disabled at the same time', async () => {
    await lock(await livingPuppet());
    await host.puppet().disable('why');
    expect(await host.puppet().status()).to.deep.include({
      status: 'applying a catalog',
      message: 'applying a catalog, disabled; has never run',
      disable_message: 'why',
    });
  });

  it('is told though the summary of the last run is torn', async () => {
    await writeFile(host.path('lastrunfile'), '\u0000\u0001');
    expect(await host.puppet().status()).to.include({ status: 'stopped', lastrun: null });
  });
});
