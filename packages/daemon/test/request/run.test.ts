import { constants } from 'node:os';
import { mock } from 'node:test';
import { ActionError, type Context, ddlHash, type Request, silentLogger, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type LoadedAgent, loadAgent } from '../../src/agents/registry.js';
import { Job, type KeptReply } from '../../src/request/job.js';
import { type Ending, runAction } from '../../src/request/run.js';
import { ddlOf, keptLog } from '../agents/external/actor.js';
import { requestOf } from './request.js';

const ddl = ddlOf(
  'work',
  {
    do: {
      output: {
        count: { description: 'How often', display_as: 'Count', type: 'integer' },
        more: { description: 'More', display_as: 'More', type: 'string', default: 'none' },
      },
    },
    brief: { timeout: 2, output: {} },
  },
  '1.2.3',
);

const hash = ddlHash(ddl as never);

type Handle = (input: Record<string, unknown>, context: Context) => unknown;

const neutral = 'the action failed unexpectedly; see the log of the node for the reason';

describe('a running action', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  const agentOf = async (handle: Handle) => {
    const setup = async () => ({ do: handle, brief: handle }) as never;
    const agent = await loadAgent({ ddl, setup }, 'test', {}, { log: silentLogger } as never);
    return agent as LoadedAgent;
  };

  async function prepare(handle: Handle, parts: Partial<Request> = {}, agent?: LoadedAgent) {
    const request = requestOf({ time: 1_700_000_000_000, ...parts });
    const job = new Job(request, 'web1.lab', 0);
    const replies: KeptReply[] = [];
    const endings: Ending[] = [];
    const { log, lines } = keptLog();
    const { run, refuse } = runAction({
      job,
      agent: agent ?? (await agentOf(handle)),
      identity: 'web1.lab',
      log,
      reply: (body) => void replies.push(job.add(body, 1)),
      ended: (ending) => void endings.push(ending),
    });
    const kinds = () => replies.map(({ kind }) => kind);
    return { job, replies, endings, lines, run, refuse, kinds, request };
  }

  const endingOf = async (handle: Handle, parts: Partial<Request> = {}) => {
    const prepared = await prepare(handle, parts);
    await prepared.run();
    const [ending, ...more] = prepared.endings;
    expect(more).to.deep.equal([]);
    return { ending, ...prepared };
  };

  const never = () => new Promise<never>(() => {});

  it('returns its outputs, with the defaults of the DDL', async () => {
    const { ending, replies, lines } = await endingOf(() => ({ count: 3 }));
    const result = { outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: { count: 3, more: 'none' } };
    expect(ending).to.deep.equal(result);
    expect(replies).to.have.length(1);
    expect(replies[0]).to.deep.include({
      kind: 'result',
      ddl: { version: '1.2.3', hash },
      seq: 1,
      ...result,
    });
    expect(lines).to.deep.equal([]);
  });

  it('may return nothing, and set its own status message', async () => {
    const { ending } = await endingOf((_, { statusmsg }) => {
      statusmsg('one was skipped');
      statusmsg('two were skipped');
    });
    expect(ending).to.deep.include({ outcome: 'ok', statusmsg: 'two were skipped' });
    expect(ending?.data).to.include({ more: 'none' });
  });

  it('keeps and reports what it did although its output is too large', async () => {
    const { ending, replies, lines } = await endingOf(() => ({ count: 1, more: 'x'.repeat(3_000_000) }));
    const [reply] = replies;
    expect(ending).to.deep.include({ outcome: 'ok', statuscode: 0 });
    expect(ending?.data).to.include({ count: 1 });
    expect(reply).to.deep.include({ data: ending?.data, 'x-cut': { more: 3_000_010 } });
    expect(lines.map(({ msg }) => msg)).to.deep.equal(['outputs were cut: they are too large for one reply']);
  });

  it('sends long progress in pieces', async () => {
    const { replies } = await endingOf((_, { progress }) => {
      progress('x'.repeat(250_000));
      return {};
    });
    const texts = replies.flatMap((reply) => (reply.kind === 'progress' ? [String(reply.data)] : []));
    expect(texts.map(({ length }) => length)).to.deep.equal([100_000, 100_000, 50_000]);
  });

  it('gets caller, request and time limit in its context', async () => {
    let known: Partial<Context> = {};
    const { request } = await endingOf(
      (input, context) => {
        input.changed = true;
        known = { ...context, signal: context.signal };
        return {};
      },
      { timeout: 3, input: { a: 1 } },
    );
    expect(known).to.deep.include({
      caller: 'rip.mcollective',
      requestId: 'a'.repeat(32),
      requestedAt: 1_700_000_000_000,
      ttlSeconds: 60,
      identity: 'web1.lab',
      collective: 'mcollective',
      timeoutSeconds: 3,
    });
    expect(request.input, 'its input is a copy').to.deep.equal({ a: 1 });
  });

  it('gets the trace of the caller in its context, and logs with it', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const contexts: Context[] = [];
    const handle: Handle = (_, context) => {
      contexts.push(context);
      context.log.info('one');
      return {};
    };
    const traced = await endingOf(handle, { traceparent });
    const others = await endingOf(handle);
    expect(contexts[0]).to.include({ traceparent });
    expect(contexts[1]).to.not.have.property('traceparent');
    expect(traced.lines[0]).to.include({ traceparent });
    expect(others.lines[0]).to.not.have.property('traceparent');
  });

  it('logs with agent, action, request and caller', async () => {
    const { lines } = await endingOf((_, { log }) => {
      log.info('one');
      log.info('two');
      return {};
    });
    expect(lines.map(({ msg }) => msg)).to.deep.equal(['one', 'two']);
    expect(lines[0]).to.include({
      agent: 'work',
      action: 'do',
      request: 'a'.repeat(32),
      caller: 'rip.mcollective',
    });
  });

  it('sends accepted with its time limit after 200 ms', async () => {
    let finish = () => {};
    const { run, kinds, replies } = await prepare(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const done = run();
    mock.timers.tick(199);
    expect(kinds()).to.deep.equal([]);
    mock.timers.tick(1);
    expect(kinds()).to.deep.equal(['accepted']);
    expect(replies[0]).to.include({ timeout: 20 });
    finish();
    await done;
    expect(kinds()).to.deep.equal(['accepted', 'result']);
  });

  it('sends accepted while it is queued', async () => {
    const { kinds } = await prepare(() => ({}));
    mock.timers.tick(200);
    expect(kinds()).to.deep.equal(['accepted']);
  });

  it('does not send accepted after its result', async () => {
    const { kinds } = await endingOf(() => ({}));
    mock.timers.tick(10_000);
    expect(kinds()).to.deep.equal(['result']);
  });

  it('ends once if it is refused, and does not send accepted afterwards', async () => {
    const { refuse, kinds, endings } = await prepare(() => ({}));
    const ending = { outcome: 'failed', statuscode: 5, statusmsg: 'no', data: {} } as const;
    refuse(ending);
    refuse({ ...ending, statusmsg: 'again' });
    mock.timers.tick(200);
    expect(kinds()).to.deep.equal(['result']);
    expect(endings).to.deep.equal([ending]);
  });

  for (const [what, parts, seconds] of [
    ['the timeout of its agent', {}, 20],
    ['its own timeout', { action: 'brief' }, 2],
    ['the timeout of the request', { timeout: 1 }, 1],
    ['its own timeout if the request has a longer one', { action: 'brief', timeout: 100 }, 2],
  ] as const) {
    it(`is limited to ${what}, and aborted after that`, async () => {
      let signal: AbortSignal | undefined;
      const { run, endings } = await prepare((_, context) => {
        signal = context.signal;
        return never();
      }, parts);
      const done = run();
      mock.timers.tick(seconds * 1000 - 1);
      expect(signal?.aborted).to.equal(false);
      mock.timers.tick(1);
      expect(signal?.aborted).to.equal(true);
      await done;
      expect(endings).to.deep.equal([
        {
          outcome: 'timeout',
          statuscode: 1,
          statusmsg: `the action did not finish within its timeout of ${seconds} s`,
          data: {},
        },
      ]);
    });
  }

  it('is not aborted after it has ended in time', async () => {
    const { job } = await endingOf(() => ({}));
    mock.timers.tick(60_000);
    expect(job.abort.aborted).to.equal(false);
  });

  it('ends as cancelled with the reason, whatever it does afterwards', async () => {
    let fail: (error: Error) => void = () => {};
    const { run, job, endings, kinds, lines } = await prepare(
      (_, { progress }) =>
        new Promise((_resolve, reject) => {
          fail = (error) => {
            progress('too late');
            reject(error);
          };
        }),
    );
    const done = run();
    job.abort.abort(new TroupeError('CALLER_DENIED', 'cancelled by the caller'));
    await done;
    fail(new Error('aborted'));
    await Promise.resolve();
    expect(endings).to.deep.equal([
      { outcome: 'cancelled', statuscode: 1, statusmsg: 'cancelled by the caller', data: {} },
    ]);
    expect(kinds()).to.deep.equal(['result']);
    expect(lines).to.deep.equal([]);
  });

  it('ends as cancelled, not as failed, if it throws because it was aborted', async () => {
    const { run, job, endings } = await prepare(async (_, { signal }) => {
      job.abort.abort(new Error('stopped'));
      signal.throwIfAborted();
    });
    await run();
    expect(endings).to.deep.equal([{ outcome: 'cancelled', statuscode: 1, statusmsg: 'stopped', data: {} }]);
  });

  it('ends as cancelled, not as timeout, if it is aborted with another DOMException', async () => {
    const { run, job, endings } = await prepare(never);
    const done = run();
    job.abort.abort(new DOMException('gone', 'AbortError'));
    await done;
    expect(endings[0]).to.include({ outcome: 'cancelled', statusmsg: 'gone' });
  });

  it('never starts if it was cancelled while it was queued', async () => {
    let hasStarted = false;
    const { run, job, endings } = await prepare(() => {
      hasStarted = true;
      return {};
    });
    job.abort.abort(new Error('cancelled'));
    await run();
    expect(hasStarted).to.equal(false);
    expect(endings).to.have.length(1);
    expect(endings[0]).to.include({ outcome: 'cancelled', statusmsg: 'cancelled' });
  });

  it('sends progress until it ends', async () => {
    let report: Context['progress'] = () => {};
    const { replies } = await endingOf((_, { progress }) => {
      report = progress;
      progress({ percent: 50 });
      return {};
    });
    report('too late');
    expect(replies.map(({ kind }) => kind)).to.deep.equal(['progress', 'result']);
    expect(replies[0]).to.deep.include({ data: { percent: 50 }, seq: 1 });
  });

  it('fails with the status, message and data of an ActionError', async () => {
    const { ending, lines } = await endingOf(() => {
      throw new ActionError('no such file', 4, { data: { count: 2 } });
    });
    expect(ending).to.deep.equal({
      outcome: 'failed',
      statuscode: 4,
      statusmsg: 'no such file',
      data: { count: 2, more: 'none' },
    });
    expect(lines.map(({ level, msg, reason }) => [level, msg, reason])).to.deep.equal([
      [30, 'the action failed', 'no such file'],
    ]);
  });

  it('fails with status 1 by default for an ActionError from another copy of the library', async () => {
    const { ending } = await endingOf(() => {
      throw Object.assign(new Error('from elsewhere'), { name: 'ActionError' });
    });
    expect(ending).to.deep.include({ outcome: 'failed', statuscode: 1, statusmsg: 'from elsewhere' });
    expect(ending?.data).to.include({ more: 'none' });
  });

  for (const [code, words] of [
    ['ENOSPC', 'no space left on device'],
    ['EROFS', 'read-only file system'],
  ] as const)
    it(`names the file that it could not write because of ${code}`, async () => {
      const errno = -constants.errno[code];
      const { ending, lines } = await endingOf(() => {
        const fault = Object.assign(new Error(code), { code, errno, syscall: 'write', path: '/var/lib/x' });
        throw new Error('a secret of the handler', { cause: fault });
      });
      expect(ending).to.deep.include({
        outcome: 'failed',
        statuscode: 5,
        statusmsg: `cannot write /var/lib/x: ${code}: ${words}`,
      });
      expect(lines.map(({ msg }) => msg)).to.deep.equal(['the action failed unexpectedly']);
    });

  for (const [what, handle] of [
    ['throws', () => Promise.reject(new Error('a secret of the handler'))],
    [
      'throws something other than an Error',
      () => Promise.reject({ name: 'ActionError', message: 'forged', status: 4 }),
    ],
    ['throws nothing', () => Promise.reject(undefined)],
    ['returns a number', () => 7],
    ['returns a list', () => [1]],
  ] as const) {
    it(`sends a neutral message and logs the error if it ${what}`, async () => {
      const { ending, lines } = await endingOf(handle);
      expect(ending).to.deep.equal({ outcome: 'failed', statuscode: 5, statusmsg: neutral, data: {} });
      expect(lines.map(({ level, msg }) => [level, msg])).to.deep.equal([
        [50, 'the action failed unexpectedly'],
      ]);
    });
  }

  for (const [what, output] of [
    [
      'holds itself',
      () => {
        const data: Record<string, unknown> = {};
        data.data = data;
        return data;
      },
    ],
    ['holds a BigInt', () => ({ count: 1n })],
  ] as const) {
    it(`fails once if its output ${what}`, async () => {
      const { ending, kinds, lines, replies } = await endingOf(output);
      expect(ending).to.include({ outcome: 'failed', statuscode: 5, statusmsg: neutral });
      expect(kinds()).to.deep.equal(['result']);
      expect(replies[0]).to.deep.include({
        seq: 1,
        ddl: { version: '1.2.3', hash },
        data: {},
        statusmsg: neutral,
      });
      expect(lines.at(-1)).to.include({ level: 50, msg: "the action's output cannot be sent" });
    });
  }

  it('succeeds with output that does not match the DDL, with a warning in the log', async () => {
    const { ending, lines } = await endingOf(() => ({ count: 'three' }));
    expect(ending).to.deep.include({ outcome: 'ok', data: { count: 'three', more: 'none' } });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ level: 40, msg: "the action's output does not match its DDL" });
    expect(lines[0]?.reason).to.include('count');
  });

  for (const [what, change] of [
    [
      'its DDL',
      (agent: LoadedAgent) => ({ ...agent, compiled: { ...agent.compiled, action: () => undefined } }),
    ],
    ['its handlers', (agent: LoadedAgent) => ({ ...agent, handlers: {} })],
  ] as const) {
    it(`fails if it is missing from ${what}`, async () => {
      const agent = change(await agentOf(() => ({})));
      const { run, endings, replies } = await prepare(() => ({}), {}, agent);
      mock.timers.tick(200);
      expect(replies[0]).to.include({ kind: 'accepted', timeout: 20 });
      await run();
      expect(endings).to.deep.equal([
        { outcome: 'failed', statuscode: 2, statusmsg: 'no such action', data: {} },
      ]);
    });
  }
});
