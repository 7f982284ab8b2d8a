import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type AgentConfig,
  type AnyHandler,
  type Context,
  compileDdl,
  type DataLookup,
  type Host,
  lintDdl,
  matches,
  parseFilter,
  silentLogger,
} from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import agent from '../src/index.js';
import { type FakeHost, fakeCommand, fakeHost } from './puppet/fake.js';

describe('the agent puppetd', () => {
  let host: FakeHost;
  let progress: unknown[];
  const data = new Map<string, DataLookup>();

  beforeEach(async () => {
    host = await fakeHost();
    progress = [];
  });

  afterEach(() => host[Symbol.asyncDispose]());

  async function setUp(config: AgentConfig = {}): Promise<Readonly<Record<string, AnyHandler>>> {
    await mkdir(host.stateDir, { recursive: true });
    const daemon: Host = {
      identity: 'n1',
      log: silentLogger,
      stateDir: host.stateDir,
      facts: () => ({}),
      classes: () => [],
      provideData: (name, lookup) => {
        data.set(name, lookup);
      },
      onClose: () => {},
      reload: () => {},
    };
    const handlers = await agent.setup({ command: [fakeCommand], splay: false, ...config }, daemon);
    if (!handlers) throw new Error('the agent does not apply');
    return handlers;
  }

  const behaving = (behaviour: Record<string, string> = {}, config: AgentConfig = {}) =>
    setUp({ env: { FAKE_DIR: host.folder, ...behaviour }, ...config });

  const context = (more: Partial<Context> = {}): Context => ({
    caller: 'rip.mcollective',
    requestId: 'request-1',
    requestedAt: 0,
    ttlSeconds: 60,
    identity: 'n1',
    collective: 'mcollective',
    log: silentLogger,
    signal: new AbortController().signal,
    timeoutSeconds: 3600,
    progress: (data) => progress.push(data),
    statusmsg: () => {},
    ...more,
  });

  async function call(
    handlers: Readonly<Record<string, AnyHandler>>,
    action: string,
    input: Record<string, unknown> = {},
    more: Partial<Context> = {},
  ): Promise<Record<string, unknown>> {
    const handler = handlers[action];
    if (!handler) throw new Error(`no action ${action}`);
    return handler(input, context(more));
  }

  const failure = (work: Promise<unknown>) =>
    work.then(
      () => {
        throw new Error('it did not fail');
      },
      (error: unknown) => error as Error & { status: number; data: Record<string, unknown> },
    );

  const givenArguments = async () => (await readFile(host.path('arguments'), 'utf8')).trim().split('\n');

  it('does not apply where Puppet is not installed', async () => {
    const missing = await setUp({ command: host.path('puppet') }).catch((error: Error) => error.message);
    expect(missing).to.equal('the agent does not apply');
  });

  for (const [key, value] of [
    ['splaylimt', 30],
    ['splay', 'yes'],
    ['splaylimit', -1],
    ['run_timeout', 'soon'],
    ['command', 7],
    ['resource', 'all'],
    ['resource.allow', { allow: 'host' }],
    ['resource.deny', { deny: ['/(/'] }],
    ['resource: unknown key "types"', { types: [] }],
    ['resource.names.host.allow', { names: { host: { allow: 7 } } }],
    ['resource.properties.host', { properties: { host: 'ip' } }],
    ['resource.managed', { managed: 'no' }],
  ] as const) {
    it(`stops the start where ${key} is ${JSON.stringify(value)}`, async () => {
      const [name = ''] = key.split(/[.:]/);
      const error = await failure(setUp({ [name]: value }));
      expect(error).to.have.property('code', 'CONFIG_INVALID');
      expect(error.message).to.include(key);
    });
  }

  it('runs Puppet in the foreground, its output as progress, and replies with the verdict', async () => {
    const handlers = await behaving({
      FAKE_STATUS: 'changed',
      FAKE_EXIT: '2',
      FAKE_OUTPUT: 'Info: a\nInfo: b',
    });
    const input = { foreground: true, environment: 'bootstrap', noop: false, tags: 'a, b' };
    const reply = await call(handlers, 'runonce', input);
    expect(reply).to.include({
      summary: '3 resources changed in environment bootstrap',
      outcome: 'changed',
      exit_code: 2,
      environment: 'bootstrap',
      run_id: 'request-1',
    });
    expect(reply.resources).to.include({ changed: 3, total: 10 });
    expect(reply.initiated_at).to.be.closeTo(Date.now() / 1000, 10);
    expect(progress.join('\n')).to.equal('Info: a\nInfo: b');
    const args = (await givenArguments()).join(' ');
    expect(args).to.include('--tags a,b').and.include('--no-noop').and.include('--no-splay');
    expect(args).to.include('--runtimeout 3570');
  });

  it('has a DDL that is sound', () => {
    expect(lintDdl(agent.ddl)).to.deep.equal([]);
  });

  it('sends no output where it shall be quiet', async () => {
    const handlers = await behaving({ FAKE_STATUS: 'unchanged', FAKE_OUTPUT: 'Info: a' });
    expect(await call(handlers, 'runonce', { foreground: true, quiet: true })).to.include({
      outcome: 'unchanged',
    });
    expect(progress).to.deep.equal([]);
  });

  it('follows a run that somebody else began, to its verdict', async () => {
    const release = host.path('release');
    const handlers = await behaving({
      FAKE_STATUS: 'changed',
      FAKE_EXIT: '2',
      FAKE_WAIT: release,
      FAKE_OUTPUT: 'Info: a',
    });
    const { run_id } = await call(handlers, 'runonce');
    const verdict = call(handlers, 'follow', { run_id }, { requestId: 'request-2' });
    await waitFor('its output', () => progress.length > 0);
    await writeFile(release, '');
    expect(await verdict).to.include({ outcome: 'changed', run_id, exit_code: 2 });
    const reply = await call(handlers, 'follow', { run_id }, { requestId: 'request-3' });
    const follow = compileDdl(agent.ddl).action('follow');
    expect(follow?.checkOutput(reply)).to.equal(undefined);
    expect(Object.keys(reply)).to.have.members(Object.keys(follow?.ddl.output ?? {}));
    const unknown = await failure(call(handlers, 'follow', { run_id: 'nothing' }));
    expect(unknown.data).to.deep.equal({ outcome: 'unknown-run' });
  });

  it('leaves alone a run that nobody follows any more', async () => {
    const release = host.path('release');
    const handlers = await behaving({ FAKE_STATUS: 'unchanged', FAKE_WAIT: release });
    const { run_id } = await call(handlers, 'runonce');
    const stop = new AbortController();
    const error = failure(call(handlers, 'follow', { run_id }, { signal: stop.signal }));
    stop.abort(new DOMException('the time is over', 'TimeoutError'));
    expect((await error).message).to.equal('the time is over; the Puppet run continues');
    await writeFile(release, '');
    expect(await call(handlers, 'follow', { run_id })).to.include({ outcome: 'unchanged' });
  });

  it('does not run again so soon, and says when it ran', async () => {
    const handlers = await behaving({ FAKE_STATUS: 'unchanged' });
    const first = await call(handlers, 'runonce', { foreground: true, min_age: 3600 });
    expect(first).to.include({ outcome: 'unchanged' });
    const second = await call(handlers, 'runonce', { min_age: 3600 }, { requestId: 'request-2' });
    expect(second).to.include({ outcome: 'recent', run_id: '' });
    expect(second.initiated_at).to.be.closeTo(Number(first.initiated_at), 1);
    const third = { foreground: true, min_age: 0 };
    expect(await call(handlers, 'runonce', third, { requestId: 'request-3' })).to.include({
      outcome: 'unchanged',
    });
  });

  it('begins one run where two are asked for at the same time', async () => {
    const release = host.path('release');
    const handlers = await behaving({ FAKE_STATUS: 'unchanged', FAKE_WAIT: release });
    const both = await Promise.allSettled([
      call(handlers, 'runonce', {}, { requestId: 'request-1' }),
      call(handlers, 'runonce', {}, { requestId: 'request-2' }),
    ]);
    expect(both.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    expect(both[1]).to.have.nested.property('reason.data.outcome', 'already-running');
    await writeFile(release, '');
    await call(handlers, 'follow', { run_id: 'request-1' });
  });

  it('fails a run in the foreground with its reason and figures', async () => {
    const handlers = await behaving({ FAKE_STATUS: 'failed', FAKE_EXIT: '4', FAKE_FAILED: '2' });
    const error = await failure(call(handlers, 'runonce', { foreground: true }));
    expect(error).to.include({ name: 'ActionError', status: 1 });
    expect(error.message).to.match(/^2 resources failed/);
    expect(error.data).to.include({ outcome: 'failed-resources', exit_code: 4 });
  });

  it('starts Puppet in the background and replies at once', async () => {
    const release = host.path('release');
    const handlers = await behaving({ FAKE_STATUS: 'unchanged', FAKE_WAIT: release });
    const reply = await call(handlers, 'runonce');
    expect(reply).to.include({ run_id: 'request-1' });
    expect(reply.summary).to.include('--onetime');
    await writeFile(release, '');
    const verdict = `${host.stateDir}/runs/request-1/verdict.json`;
    await waitFor('the verdict', () => existsSync(verdict));
    expect(JSON.parse(await readFile(verdict, 'utf8'))).to.include({ outcome: 'unchanged' });
  });

  it('waits for a random time in the background as configured, unless forced', async () => {
    const handlers = await behaving({}, { splay: true, splaylimit: 7 });
    for (const [input, expected] of [
      [{}, '--splay --splaylimit 7'],
      [{ splaylimit: 3 }, '--splay --splaylimit 3'],
      [{ splay: false }, '--no-splay'],
      [{ force: true }, '--no-splay'],
      [{ foreground: true }, '--no-splay'],
      [{ foreground: true, splay: true }, '--splay --splaylimit 7'],
    ] as const) {
      const requestId = `r-${expected}-${JSON.stringify(input)}`.replace(/[^a-z0-9]+/g, '-');
      await call(handlers, 'runonce', input, { requestId }).catch(() => {});
      await waitFor('the verdict', () => existsSync(`${host.stateDir}/runs/${requestId}/verdict.json`));
      expect((await givenArguments()).join(' '), JSON.stringify(input)).to.include(expected);
    }
  });

  it('lets nobody choose the server unless configured so', async () => {
    const error = await failure(call(await behaving(), 'runonce', { server: 'evil.example.com' }));
    expect(error.message).to.include('allow_server_override');
    expect(existsSync(host.path('arguments'))).to.equal(false);
    const handlers = await behaving({ FAKE_STATUS: 'unchanged' }, { allow_server_override: true });
    await call(handlers, 'runonce', { server: 'm1.example.com:8141', foreground: true });
    expect((await givenArguments()).join(' ')).to.include('--server m1.example.com --serverport 8141');
  });

  it('replies with the run that a request began before', async () => {
    const handlers = await behaving({ FAKE_STATUS: 'changed', FAKE_EXIT: '2' });
    const first = await call(handlers, 'runonce', { foreground: true });
    await call(handlers, 'disable');
    expect(await call(handlers, 'runonce', { foreground: true })).to.deep.equal(first);
  });

  it('does not run where Puppet is disabled, and says why', async () => {
    const handlers = await behaving();
    await call(handlers, 'disable', { message: 'maintenance' });
    const error = await failure(call(handlers, 'runonce'));
    expect(error.message).to.equal("Puppet is disabled: 'maintenance'");
    expect(error.data).to.deep.equal({ outcome: 'disabled' });
    expect(existsSync(host.path('arguments'))).to.equal(false);
  });

  it('does not run while a catalog is applied', async () => {
    const release = host.path('release');
    const handlers = await behaving({ FAKE_STATUS: 'unchanged', FAKE_WAIT: release });
    await call(handlers, 'runonce');
    const pid = await waitFor('the run', async () => readFile(host.path('started'), 'utf8'));
    await writeFile(host.path('agent_catalog_run_lockfile'), pid);
    const error = await failure(call(handlers, 'runonce', {}, { requestId: 'request-2' }));
    expect(error.message).to.equal('Puppet is already applying a catalog');
    await writeFile(release, '');
    await waitFor('the verdict', () => existsSync(`${host.stateDir}/runs/request-1/verdict.json`));
  });

  it("leaves a plain run to Puppet's daemon, and only such a one", async () => {
    const other = await fakeHost();
    try {
      // A fake that ends itself on SIGUSR1, as any process does that does not handle it.
      const daemon = await other.puppet({ FAKE_WAIT: other.path('never') }).start();
      const pid = await waitFor('the daemon', async () => readFile(other.path('started'), 'utf8'));
      await writeFile(host.path('pidfile'), pid);
      const handlers = await behaving({ FAKE_STATUS: 'unchanged' });
      const chosen = await call(handlers, 'runonce', { foreground: true });
      expect(chosen.outcome).to.equal('unchanged');
      expect(await daemon.isRunning()).to.equal(true);
      const reply = await call(handlers, 'runonce', {}, { requestId: 'request-2' });
      expect(reply).to.include({ summary: "Triggered a run of Puppet's daemon (SIGUSR1)", run_id: '' });
      expect((await daemon.follow()).reason).to.match(/signal 10/);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  for (const [why, reason, isKilled] of [
    ['the time is over', new DOMException('the time is over', 'TimeoutError'), true],
    ['the caller cancels', Object.assign(new Error('cancelled'), { code: 'CALLER_DENIED' }), true],
    ['the daemon stops', Object.assign(new Error('the daemon stops'), { code: 'NOT_CONNECTED' }), false],
  ] as const) {
    it(`${isKilled ? 'ends' : 'goes on with'} a run in the foreground when ${why}`, async () => {
      const release = host.path('release');
      const handlers = await behaving({ FAKE_STATUS: 'unchanged', FAKE_WAIT: release });
      const stop = new AbortController();
      const error = failure(call(handlers, 'runonce', { foreground: true }, { signal: stop.signal }));
      await waitFor('the run', () => existsSync(host.path('started')));
      stop.abort(reason);
      const { message } = await error;
      if (isKilled) {
        expect(message).to.equal(`The run was aborted: ${reason.message}`);
      } else {
        expect(message).to.include('continues');
        await writeFile(release, '');
        // The daemon that comes back judges what it finds.
        await behaving();
        const verdict = `${host.stateDir}/runs/request-1/verdict.json`;
        await waitFor('the verdict', () => existsSync(verdict));
        expect(JSON.parse(await readFile(verdict, 'utf8'))).to.include({ outcome: 'unchanged' });
      }
    });
  }

  it('enables and disables, and fails where that changes nothing', async () => {
    const handlers = await behaving();
    expect((await failure(call(handlers, 'enable'))).data).to.deep.equal({ enabled: true });
    expect(await call(handlers, 'disable')).to.include({ enabled: false });
    const again = await failure(call(handlers, 'disable', { message: 'mine' }));
    expect(again.message).to.match(/^Puppet is already disabled: Disabled by rip\.mcollective at /);
    expect(again.data).to.deep.equal({ enabled: false });
    expect(await call(handlers, 'status')).to.include({ enabled: false, status: 'disabled' });
    expect(await call(handlers, 'enable')).to.deep.equal({ status: 'Puppet is enabled', enabled: true });
  });

  it('sums up the last run by the names of MCollective', async () => {
    const handlers = await behaving({ FAKE_STATUS: 'changed', FAKE_EXIT: '2' });
    expect((await failure(call(handlers, 'last_run_summary'))).message).to.equal(
      'Puppet has never run on this host',
    );
    await call(handlers, 'runonce', { foreground: true });
    await writeFile(host.path('resourcefile'), 'file[/x]\n');
    const reply = await call(handlers, 'last_run_summary', { logs: true });
    expect(reply).to.deep.include({
      changed_resources: 3,
      failed_resources: 0,
      corrected_resources: 0,
      out_of_sync_resources: 0,
      total_resources: 10,
      total_time: 1.5,
      config_retrieval_time: 0,
      config_version: '1',
      type_distribution: { File: 1 },
    });
    expect(reply.since_lastrun).to.be.within(0, 30);
    expect(reply.logs).to.deep.equal([
      {
        level: 'notice',
        source: 'Puppet',
        message: 'status: unchanged',
        time: '2026-01-01T00:00:00.000000000+00:00',
      },
    ]);
    expect(await call(handlers, 'last_run_summary')).not.to.have.property('logs');
  });

  it('answers the data functions puppet() and resource() as their DDLs say', async () => {
    const handlers = await behaving({ FAKE_STATUS: 'changed', FAKE_EXIT: '2' });
    const ask = async (name: string, query?: string) => {
      const answer = await data.get(name)?.(query);
      const file = fileURLToPath(import.meta.resolve(`@troupe/ddl/data/${name}.json`));
      const { output } = JSON.parse(await readFile(file, 'utf8')) as { output: object };
      expect(Object.keys(output)).to.include.members(Object.keys(answer ?? {}));
      return { answer, names: Object.keys(output) };
    };
    const never = await ask('resource');
    expect(never.answer).to.include({ managed: false, lastrun: 0, lastrun_outcome: 'never' });
    expect(never.answer).to.have.all.keys(never.names);
    const selects = (text: string) =>
      matches(parseFilter({ select: [text] }), {
        identity: 'web1',
        facts: {},
        classes: [],
        agents: [],
        data: (name, query) => data.get(name)?.(query),
      });
    expect(await selects('resource().failed_resources=0')).to.equal(false);
    expect(await selects('resource().lastrun_outcome=never')).to.equal(true);
    await writeFile(host.path('lastrunfile'), 'version: {config: , puppet: 7.23.0}\ntime: {last_run: 5}\n');
    await writeFile(host.path('lastrunreport'), 'status: failed\ntransaction_completed: false\n');
    for (const text of ['failed_resources=0', 'failed_resources<1', 'changed_resources<=0'])
      expect(await selects(`resource().${text}`), text).to.equal(false);
    expect(await selects('resource().lastrun_outcome=no-catalog')).to.equal(true);
    expect(await selects('puppet().lastrun_outcome=no-catalog')).to.equal(true);
    await writeFile(host.path('lastrunfile'), '');
    expect(await selects('resource().lastrun_outcome=unknown')).to.equal(true);
    await Promise.all(['lastrunfile', 'lastrunreport'].map((name) => rm(host.path(name))));
    await call(handlers, 'runonce', { foreground: true });
    await call(handlers, 'disable', { message: 'because' });
    const puppet = await ask('puppet');
    expect(puppet.answer).to.include({ enabled: false, disable_message: 'because', status: 'disabled' });
    expect(puppet.answer).to.have.all.keys(puppet.names);
    await writeFile(host.path('resourcefile'), 'file[/etc/motd]\n');
    const managed = await ask('resource', 'File[/etc/motd]');
    expect(managed.answer).to.include({ managed: true, changed_resources: 3, total_resources: 10 });
    expect(managed.answer).to.have.all.keys(managed.names);
    expect((await ask('resource', 'File[/etc/passwd]')).answer).to.include({ managed: false });
  });

  for (const [why, input, config, message] of [
    ['nothing is configured', {}, {}, /resources of type host: see plugins\.puppetd\.resource\.allow/],
    ['the type is denied', {}, { allow: ['/.*/'], deny: ['host'] }, /resources of type host/],
    ['the name is denied', {}, { allow: ['host'], names: { host: { deny: ['/web.*/'] } } }, /host\[web1\]/],
    ['the name is not allowed', {}, { allow: ['host'], names: { host: { allow: ['web'] } } }, /host\[web1\]/],
    ['a property is a command', { type: 'service', stop: 'rm' }, { allow: ['service'] }, /stop of a service/],
    [
      'Puppet manages it',
      { name: 'db1' },
      { allow: ['host'] },
      /Cannot manage host\[db1\]: it is in this node/,
    ],
  ] as const) {
    it(`does not manage a resource where ${why}`, async () => {
      const handlers = await behaving({}, { resource: config });
      await writeFile(host.path('resourcefile'), 'host[db1]\n');
      const error = await failure(call(handlers, 'resource', { type: 'host', name: 'web1', ...input }));
      expect(error.name).to.equal('ActionError');
      expect(error.message).to.match(message);
      expect(existsSync(host.path('arguments'))).to.equal(false);
    });
  }

  it('does not manage a resource where Puppet is disabled', async () => {
    const handlers = await behaving({}, { resource: { allow: ['host'] } });
    await call(handlers, 'disable', { message: 'hands off' });
    const error = await failure(call(handlers, 'resource', { type: 'host', name: 'web1', ip: '192.0.2.1' }));
    expect(error.message).to.equal("Puppet is disabled: 'hands off'");
  });

  it("tells the caller what is wrong where Puppet's settings cannot be read", async () => {
    const handlers = await behaving({ FAKE_CONFIG_EXIT: '1' });
    const error = await failure(call(handlers, 'status'));
    expect(error).to.include({ name: 'ActionError', status: 1 });
    expect(error.message).to.include('config print');
  });
});
