import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionDdl, Agent } from '@troupe/core';
import { actorProgram } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { externalAgent } from '../../../src/agents/external/index.js';
import { type Trial, type TrialOptions, type TrialResult, tryAgent } from '../../../src/agents/trial.js';
import { ddlOf, keptLog, tryActor } from './actor.js';

const error = 50;
const warn = 40;
const info = 30;

describe('an external agent', () => {
  let folder: string;
  let trial: Trial | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'external-'));
  });

  afterEach(async () => {
    await trial?.close();
    trial = undefined;
    rmSync(folder, { recursive: true });
  });

  async function call(
    action: string,
    options: TrialOptions & { ddl?: Partial<ActionDdl>; signal?: AbortSignal } = {},
    input: Record<string, unknown> = {},
  ): Promise<TrialResult> {
    const { ddl = {}, signal, ...rest } = options;
    trial = await tryActor({ [action]: ddl }, rest);
    return await trial.call(action, input, signal && { signal });
  }

  const text = { prompt: 'T', description: 'T', type: 'string', optional: true, maxlength: 20 } as const;

  it('gets request, facts and configuration in files, in a clean environment and a folder of its own', async () => {
    const { statuscode, data } = await call(
      'show',
      {
        facts: { os: { family: 'Debian' } },
        config: { place: 'here', depth: 3 },
        ddl: { input: { text: { ...text, validation: '.' } } },
      },
      { text: 'a "b"' },
    );
    expect(statuscode).to.equal(0);
    const { request, cwd } = data as { request: Record<string, unknown>; cwd: string };
    const files = ['request', 'reply', 'facts'].map((name) => join(cwd, `${name}.json`));
    const [requestFile, replyFile, factsFile] = files;
    expect(data.args).to.equal(`${requestFile} ${replyFile} io.choria.mcorpc.external.v1.rpc_request`);
    const environment = [
      `CHORIA_EXTERNAL_CONFIG=${join(cwd, 'config.cfg')}`,
      `CHORIA_EXTERNAL_FACTS=${factsFile}`,
      'CHORIA_EXTERNAL_PROTOCOL=io.choria.mcorpc.external.v1.rpc_request',
      `CHORIA_EXTERNAL_REPLY=${replyFile}`,
      `CHORIA_EXTERNAL_REQUEST=${requestFile}`,
      `PATH=${process.env.PATH}`,
      // The shell's own.
      `PWD=${cwd}`,
      'TROUPE_EXTERNAL_IDENTITY=node1.example.net',
    ];
    const [fixed, state] = String(data.env).split(' TROUPE_EXTERNAL_STATE=');
    expect(fixed).to.equal(environment.join(' '));
    expect(state).to.match(/troupe-trial-\w+ $/);
    expect(data.files).to.match(/^total \d+ -rw-------.*config.cfg -rw-------.*reply.json/);
    const { requestid, msgtime, ...rest } = request;
    expect(requestid).to.match(/^[0-9a-f]{32}$/);
    expect(msgtime).to.be.within(Date.now() / 1000 - 30, Date.now() / 1000);
    expect(rest).to.deep.equal({
      $schema: 'https://choria.io/schemas/mcorpc/external/v1/rpc_request.json',
      protocol: 'io.choria.mcorpc.external.v1.rpc_request',
      agent: 'actor',
      action: 'show',
      senderid: 'tester.mcollective',
      callerid: 'choria=tester.mcollective',
      collective: 'mcollective',
      ttl: 60,
      data: { text: 'a "b"' },
    });
    expect(data.facts).to.deep.equal({ os: { family: 'Debian' } });
    expect(data.config).to.equal('place = here;depth = 3;');
    expect(readdirSync(tmpdir())).not.to.include(cwd.split('/').at(-1));
  });

  it('gets the trace of the caller in its environment', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const agent = externalAgent({ ddl: ddlOf('actor', { show: {} }), commands: [actorProgram] });
    const setup: Agent['setup'] = async (config, host) => {
      const { show } = (await agent.setup(config, host)) ?? {};
      return show && { show: (input, context) => show(input, { ...context, traceparent }) };
    };
    trial = await tryAgent({ ...agent, setup });
    const { data } = await trial.call('show');
    expect(data.env).to.contain(` TRACEPARENT=${traceparent} `);
  });

  it('has its standard output in the log at info and its standard error at error', async () => {
    const { log, lines } = keptLog();
    expect(await call('talk', { log })).to.include({ statuscode: 0 });
    expect(lines.map(({ level, msg }) => [level, msg])).to.deep.include.members([
      [info, 'to standard output'],
      [error, 'to standard error'],
    ]);
  });

  it('fails with the status, the message and the data of its reply', async () => {
    const { progress, ...refused } = await call('refuse');
    expect(refused).to.deep.equal({
      outcome: 'failed',
      statuscode: 4,
      statusmsg: 'no such thing',
      data: { out: 'partly' },
    });
  });

  it('succeeds with the message of its reply, or with OK where it says nothing', async () => {
    expect(await call('remark')).to.include({ outcome: 'ok', statuscode: 0, statusmsg: 'two were skipped' });
    await trial?.close();
    expect(await call('quiet')).to.include({ outcome: 'ok', statuscode: 0, statusmsg: 'OK' });
  });

  for (const [action, statuscode, statusmsg] of [
    ['strange_status', 5, /^very odd$/],
    ['silent_failure', 1, /^the external agent "actor" failed without giving a reason$/],
    ['exit', 1, /^the external agent "actor" exited with code 3; see its output in the log of the node$/],
    ['exit_reply', 1, /exited with code 3: the disk is full$/],
    ['crash', 1, /was killed by SIGSEGV$/],
    ['nothing', 1, /exited without writing a reply$/],
    ['garbage', 1, /wrote an invalid reply: it is not JSON$/],
    ['list', 1, /wrote an invalid reply: it is not a JSON object$/],
    ['word_status', 1, /statuscode is not a status$/],
    ['word_data', 1, /data is not a JSON object$/],
    ['number_message', 1, /statusmsg is not a string$/],
    ['deep', 1, /invalid reply: the message is nested more than 40 levels deep$/],
    ['huge', 1, /wrote a reply that cannot be read: its 16777217 bytes exceed the limit of 16777216$/],
    ['fifo', 1, /wrote a reply that cannot be read: it is not a regular file$/],
    ['link', 1, /wrote a reply that cannot be read: ELOOP$/],
    ['gone', 1, /wrote a reply that cannot be read: ENOENT$/],
    ['flood', 1, /wrote more than 268435456 bytes of output and was stopped$/],
  ] as const) {
    it(`costs its caller one clear error for: ${action}`, async () => {
      const reply = await call(action);
      expect(reply).to.include({ outcome: 'failed', statuscode });
      expect(reply.statusmsg).to.match(statusmsg);
    });
  }

  it('may leave a reply of 1 MiB', async () => {
    expect(await call('full')).to.include({ outcome: 'ok', statuscode: 0 });
  });

  it('does not lose what it has done if its output is too large for a reply', async () => {
    const { outcome, statuscode, statusmsg, data } = await call('large');
    expect({ outcome, statuscode }).to.deep.equal({ outcome: 'ok', statuscode: 0 });
    expect(statusmsg).to.equal('OK; too large for one reply, so cut: out (0.7 of 2.9 MiB)');
    expect(data.out).to.match(/^x+\n\[… \d+ characters left out …\]\nx+END$/);
  });

  it('that cannot be started says so', async () => {
    const program = join(folder, 'actor');
    writeFileSync(program, readFileSync(actorProgram), { mode: 0o755 });
    trial = await tryActor({ show: {} }, {}, [program]);
    rmSync(program);
    const { statusmsg } = await trial.call('show');
    expect(statusmsg).to.equal('the external agent "actor" cannot be started: ENOENT');
  });

  it('may talk much: the log takes the beginning', async () => {
    const { log, lines } = keptLog();
    expect((await call('chatter', { log })).data).to.deep.equal({ out: 'done' });
    const logged = lines.filter(({ stream, level }) => stream === 'stdout' && level === info);
    expect(logged.map(({ msg }) => msg.length).reduce((a, b) => a + b)).to.equal(64 * 1024);
    expect(lines.filter(({ level }) => level === warn).map(({ msg }) => msg)).to.deep.equal([
      'the output exceeds 65536 bytes: the rest is not logged',
    ]);
  });

  for (const [how, ddl, outcome] of [
    ['its time is over', { timeout: 1 }, 'timeout'],
    ['the caller cancels', {}, 'cancelled'],
  ] as const) {
    it(`ends with all its children when ${how}`, async () => {
      const pids = join(folder, 'pids');
      const cancel = new AbortController();
      const reply = call('hang', { ddl, config: { pids }, signal: cancel.signal });
      const [parent, child] = [await pidIn(`${pids}.parent`), await pidIn(`${pids}.child`)];
      expect([isAlive(parent), isAlive(child)]).to.deep.equal([true, true]);
      if (outcome === 'cancelled') cancel.abort();
      expect(await reply).to.include({ outcome });
      // Closing waits for those that are deaf to a polite end.
      await trial?.close();
      trial = undefined;
      await until(() => !isAlive(parent) && !isAlive(child));
    });
  }

  it('may leave a process behind that holds its output', async () => {
    const pids = join(folder, 'pids');
    expect((await call('daemonize', { config: { pids } })).data).to.deep.equal({ out: 'left it' });
    const pid = await pidIn(pids);
    expect(isAlive(pid)).to.equal(true);
    process.kill(pid);
  });

  it('reports progress where its DDL says so', async () => {
    const { log, lines } = keptLog();
    const reply = await call('steps', { ddl: { progress: true }, log });
    expect(reply.progress).to.deep.equal([{ percent: 50 }, 'last']);
    expect(reply.data).to.deep.equal({ out: 'done' });
    expect(lines.filter(({ level }) => level === warn).map(({ msg }) => msg)).to.deep.equal([
      'a line of progress is not valid JSON: ignored',
    ]);
  });

  it('loses no progress that it writes just before its end', async () => {
    const { progress } = await call('many_steps', { ddl: { progress: true } });
    expect(progress).to.deep.equal(Array.from({ length: 300 }, (_, index) => index + 1));
  });

  it('has to wait when it floods its progress', async () => {
    const { progress, outcome } = await call('flood_steps', { ddl: { progress: true, timeout: 2 } });
    expect(outcome).to.equal('timeout');
    expect(progress.length).to.be.within(500, 1500);
  });

  it('has no channel for progress where its DDL says nothing of it', async () => {
    expect((await call('no_channel')).data).to.deep.equal({ out: 'closed' });
  });

  for (const [activation, reason] of [
    ['no', /does not apply to this host$/],
    ['crash', /: the activation check failed: .*exited with code 1/],
    ['garbage', /: the activation check failed: .*it is not JSON/],
    ['hang', /: the activation check failed: no reply within 2 s$/],
  ] as const) {
    it(`is not loaded when its activation check ends with: ${activation}`, async () => {
      const failure = await call('show', { config: { activation } }).catch((cause: Error) => cause);
      expect(failure).to.be.instanceOf(Error).with.property('message').that.matches(reason);
    });
  }

  for (const [what, key, value] of [
    ['a list', 'ports', [1, 2]],
    ['a section', 'place', {}],
    ['nothing', 'place', null],
    ['a text of two lines', 'place', 'here\nthere'],
    ['a text with a carriage return', 'place', 'here\rthere'],
    ['a key with a blank', 'my place', 'here'],
    ['a key of two lines', 'place\nother', 'here'],
  ] as const) {
    it(`rejects ${what} in its section of the configuration`, async () => {
      const failure = await call('show', { config: { [key]: value } }).catch((cause: Error) => cause);
      expect(failure).to.have.property(
        'message',
        `actor: plugins.actor.${key}: the configuration of an external agent can hold only numbers, booleans and single-line strings`,
      );
    });
  }

  it('accepts strings, numbers and booleans in its section of the configuration', async () => {
    const { data } = await call('show', { config: { 'a.b-c_d': 'x y', depth: 1.5, on: false } });
    expect(data.config).to.equal('a.b-c_d = x y;depth = 1.5;on = false;');
  });

  it('gets its own configuration file instead of its section', async () => {
    const file = join(folder, 'actor.cfg');
    writeFileSync(file, 'from = file\n');
    const agent = externalAgent({
      ddl: ddlOf('actor', { show: {} }),
      commands: [actorProgram],
      configFile: file,
    });
    trial = await tryAgent(agent, { config: { ports: [1, 2] } });
    const { data } = await trial.call('show');
    expect(data.config).to.equal('from = file;');
    expect(data.env).to.include(`CHORIA_EXTERNAL_CONFIG=${file} `);
  });

  it('runs the first program that exists', async () => {
    trial = await tryActor({ show: {} }, {}, [join(folder, 'none'), folder, actorProgram, '/bin/false']);
    expect(await trial.call('show')).to.include({ statuscode: 0 });
  });

  it('is not loaded if its program does not exist', async () => {
    const commands = [join(folder, 'none'), folder];
    const failure = await tryActor({ show: {} }, {}, commands).catch((cause: Error) => cause);
    expect(failure)
      .to.have.property('message')
      .that.includes(
        `the program of the external agent was not found: none of ${commands.join(', ')} exists`,
      );
  });

  it('is closed only after its last action has ended', async () => {
    const pids = join(folder, 'pids');
    const subject = await tryActor({ hang: { timeout: 20 } }, { config: { pids } });
    const cancel = new AbortController();
    const reply = subject.call('hang', {}, { signal: cancel.signal });
    const parent = await pidIn(`${pids}.parent`);
    cancel.abort();
    expect(await reply).to.include({ outcome: 'cancelled' });
    await subject.close();
    expect(isAlive(parent)).to.equal(false);
  });

  it('with a validator that is not here runs, and the log says so', async () => {
    const { log, lines } = keptLog();
    const reply = await call(
      'show',
      { log, ddl: { input: { text: { ...text, validation: 'puppet_server_address' } } } },
      { text: 'x' },
    );
    expect(reply).to.include({ statuscode: 0 });
    expect(lines.map(({ validator }) => validator)).to.include('puppet_server_address');
  });
});

async function pidIn(file: string): Promise<number> {
  let pid = 0;
  await until(() => {
    try {
      pid = Number(readFileSync(file, 'utf8'));
    } catch {}
    return pid > 0;
  });
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
