import { mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { emptyFilter, type Reply, seal } from '@troupe/core';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { Realm } from '../realm.js';
import { Desk, identity, rip, stopClock } from './desk.js';

const ann = 'ann.mcollective';

/** What the tests look at: to which session, which of its replies, and how it ended. */
const brief = (replies: readonly Reply[]) =>
  replies.map((reply) => {
    const what = reply.kind === 'result' ? reply.outcome : reply.kind;
    return `${reply.session} ${reply.seq} ${what}`;
  });

describe('Dispatcher', () => {
  stopClock();
  let realm: Realm;
  let desk: Desk;
  let release: () => void;
  before(async () => {
    realm = await Realm.create(identity, rip, ann);
  });
  after(() => realm.remove());
  const open = async (config = '', options: { stateDir?: string } = {}) => {
    desk = await Desk.open(realm, { config, ...options });
  };
  beforeEach(() => open());
  afterEach(async () => {
    release();
    await desk.ended();
    desk.close();
  });

  /** From now on, actions run until `release` is called. */
  const hold = () => {
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    desk.handle = async (_, { progress }) => {
      desk.handle = () => ({});
      progress('begun');
      await held;
      return { out: 'done' };
    };
  };
  beforeEach(() => {
    release = () => {};
  });
  /** A request whose action runs and has reported progress. */
  const running = async (parts: Parameters<Desk['request']>[0] = {}) => {
    hold();
    const request = desk.request({ action: 'look', ...parts });
    await desk.receive(request);
    return request;
  };
  const ended = async () => {
    release();
    await desk.ended();
    return brief(await desk.replies());
  };
  const errors = () => desk.log.lines.filter(({ level }) => level === 50).map(({ msg }) => msg);
  const audited = () => desk.audit.map(({ caller, outcome }) => `${caller} ${outcome}`);

  it('sends the result to the topic of the session that asked', async () => {
    desk.handle = () => ({ out: 'done' });
    const request = desk.request();
    await desk.receive(request);
    await desk.ended();
    const [sent, ...more] = await desk.sent();
    expect(more).to.deep.equal([]);
    expect(sent?.topic).to.equal(`mco/mcollective/reply/${rip}/s1/${identity}`);
    const { time, ...reply } = sent?.reply ?? ({} as Reply);
    expect(time).to.be.within(request.time, Date.now());
    expect(reply).to.deep.equal({
      v: 2,
      protocol: 2,
      type: 'reply',
      kind: 'result',
      id: request.id,
      seq: 1,
      sender: identity,
      caller: rip,
      session: 's1',
      collective: 'mcollective',
      agent: 'work',
      action: 'change',
      outcome: 'ok',
      statuscode: 0,
      statusmsg: 'OK',
      data: { out: 'done', more: 'none' },
      ddl: { version: '1.2.3', hash: desk.ddlHash },
    });
  });

  it('ignores messages to a collective that the node does not belong to', async () => {
    const collective = 'elsewhere';
    const { id } = desk.request();
    for (const message of [
      desk.request({ collective }),
      desk.attach(id, { collective }),
      desk.cancel(id, { collective }),
    ])
      expect(await desk.ask(message), message.type).to.deep.equal([]);
    expect(desk.calls).to.deep.equal([]);
    expect(desk.audit).to.deep.equal([]);
    expect(desk.node.stats).to.include({ total: 3, validated: 3, passed: 0, filtered: 0 });
  });

  it('answers in each collective that the node belongs to', async () => {
    await open(', collectives: [mcollective, eu]');
    const [reply] = await desk.ask(desk.request({ collective: 'eu' }));
    expect(reply).to.include({ outcome: 'ok', collective: 'eu' });
  });

  it('runs a directed request only if the node is a target, and is silent otherwise', async () => {
    expect(await desk.ask(desk.request({ targets: ['web2.lab'], answerUnmatched: true }))).to.deep.equal([]);
    expect(desk.calls).to.deep.equal([]);
    expect(desk.audit).to.deep.equal([]);
    expect(desk.node.stats).to.include({ filtered: 1, passed: 0 });
    const request = desk.request({ targets: ['web2.lab', identity] });
    expect(brief(await desk.ask(request))).to.deep.equal(['s1 1 ok']);
    expect(desk.node.stats).to.include({ filtered: 1, passed: 1 });
  });

  for (const answerUnmatched of [true, false]) {
    it(`${answerUnmatched ? 'answers' : 'stays silent'} if the filter excludes the node and answerUnmatched is ${answerUnmatched}`, async () => {
      const filter = { ...emptyFilter, identities: ['web2.lab'] };
      const replies = await desk.ask(desk.request({ filter, answerUnmatched }));
      expect(brief(replies)).to.deep.equal(answerUnmatched ? ['s1 1 unmatched'] : []);
      expect(desk.calls).to.deep.equal([]);
      expect(desk.audit).to.deep.equal([]);
      expect(desk.log.lines).to.deep.equal([]);
      expect(desk.node.stats).to.include({ filtered: 1, passed: 0, denied: 0 });
    });
  }

  describe('when a request is repeated', () => {
    it('runs it once and sends the kept replies to the new session', async () => {
      const request = desk.request();
      expect(brief(await desk.ask(request))).to.deep.equal(['s1 1 ok']);
      expect(brief(await desk.ask({ ...request, session: 's2' }))).to.deep.equal(['s2 1 ok']);
      expect(desk.calls).to.have.length(1);
      expect(audited()).to.deep.equal([`${rip} ok`]);
    });

    it('runs it once although copies arrive at the same time', async () => {
      const request = desk.request();
      const bytes = await seal(request, desk.client(rip).signer);
      await Promise.all([1, 2, 3].map(() => desk.dispatcher.receive(bytes)));
      await desk.ended();
      expect(desk.calls).to.have.length(1);
      expect(brief(await desk.replies())).to.deep.equal(['s1 1 accepted', 's1 1 accepted', 's1 2 ok']);
      expect(audited()).to.deep.equal([`${rip} ok`]);
    });

    it('runs it once although the filter of the copy excludes the node', async () => {
      const request = desk.request();
      await desk.ask(request);
      const filter = { ...emptyFilter, identities: ['web2.lab'] };
      expect(brief(await desk.ask({ ...request, filter }))).to.deep.equal(['s1 1 ok']);
      expect(desk.calls).to.have.length(1);
    });

    it('sends accepted while it runs, and the result to both sessions', async () => {
      let go = () => {};
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      desk.handle = () => held;
      const request = desk.request({ action: 'look' });
      await desk.receive(request);
      await desk.receive({ ...request, session: 's2' });
      const [one, two, ...more] = await desk.replies();
      expect([one, two].map((reply) => reply && brief([reply]))).to.deep.equal([
        ['s1 1 accepted'],
        ['s2 1 accepted'],
      ]);
      expect(two).to.include({ timeout: 0 });
      expect(more).to.deep.equal([]);
      go();
      await desk.ended();
      expect(brief(await desk.replies())).to.deep.equal(['s1 2 ok', 's2 2 ok']);
      expect(desk.calls).to.have.length(1);
    });

    it('sends the replies so far while it runs', async () => {
      const request = await running();
      expect(brief(await desk.replies())).to.deep.equal(['s1 1 progress']);
      await desk.receive({ ...request, session: 's2' });
      expect(brief(await desk.replies())).to.deep.equal(['s2 1 progress']);
      expect(await ended()).to.deep.equal(['s1 2 ok', 's2 2 ok']);
    });

    it('does not run it again after a restart', async () => {
      const request = desk.request({ ttl: 3600 });
      await desk.ask(request);
      const first = desk;
      await open('', { stateDir: first.stateDir });
      const [reply, ...more] = await desk.ask(request);
      first.close();
      expect(more).to.deep.equal([]);
      expect(reply).to.include({ outcome: 'unknown', statuscode: 5 });
      expect(desk.calls).to.deep.equal([]);
    });

    it('runs the request of another caller under the same id, who receives none of its replies', async () => {
      const request = await running();
      await desk.replies();
      await desk.receive({ ...request, caller: ann, session: 's9' }, ann);
      const [reply, ...more] = await desk.replies();
      expect(more).to.deep.equal([]);
      expect(reply).to.include({ caller: ann, session: 's9', outcome: 'ok', seq: 1 });
      expect(await ended()).to.deep.equal(['s1 2 ok']);
      expect(audited()).to.deep.equal([`${ann} ok`, `${rip} ok`]);
      expect(desk.calls).to.have.length(2);
    });

    it('runs one that only reads again after a restart', async () => {
      const request = desk.request({ action: 'look', ttl: 3600 });
      await desk.ask(request);
      const first = desk;
      await open('', { stateDir: first.stateDir });
      expect(brief(await desk.ask(request))).to.deep.equal(['s1 1 ok']);
      first.close();
    });
  });

  describe('with noReply', () => {
    it('runs the request and sends nothing, even if it is repeated', async () => {
      const request = desk.request({ noReply: true });
      expect(await desk.ask(request)).to.deep.equal([]);
      expect(await desk.ask(request)).to.deep.equal([]);
      expect(desk.calls).to.have.length(1);
      expect(audited()).to.deep.equal([`${rip} ok`]);
    });

    it('sends the replies to a session that attaches later', async () => {
      const request = desk.request({ noReply: true });
      await desk.ask(request);
      expect(brief(await desk.ask(desk.attach(request.id, { session: 's3' })))).to.deep.equal(['s3 1 ok']);
    });

    it('writes a refusal to the audit and sends nothing', async () => {
      expect(await desk.ask(desk.request({ noReply: true, agent: 'none' }))).to.deep.equal([]);
      expect(audited()).to.deep.equal([`${rip} failed`]);
    });
  });

  describe('when a caller attaches', () => {
    it('sends accepted for a running request, and later replies to both sessions', async () => {
      let go = () => {};
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      desk.handle = () => held;
      const { id, ...rest } = desk.request({ action: 'look' });
      await desk.receive({ id, ...rest });
      await desk.receive(desk.attach(id, { session: 's2' }));
      expect(brief(await desk.replies())).to.deep.equal(['s1 1 accepted', 's2 1 accepted']);
      go();
      await desk.ended();
      expect(brief(await desk.replies())).to.deep.equal(['s1 2 ok', 's2 2 ok']);
    });

    it('sends only replies after the last one that the client has', async () => {
      const { id } = await running();
      await desk.replies();
      await desk.receive(desk.attach(id, { session: 's2' }));
      expect(brief(await desk.replies())).to.deep.equal(['s2 1 progress']);
      await desk.receive(desk.attach(id, { session: 's2', after: 1 }));
      expect(brief(await desk.replies())).to.deep.equal(['s1 2 accepted', 's2 2 accepted']);
      await ended();
      await desk.receive(desk.attach(id, { session: 's2', after: 2 }));
      expect(brief(await desk.replies())).to.deep.equal(['s2 3 ok']);
    });

    it('sends nothing if the client has all replies of an ended request', async () => {
      const { id, ...rest } = desk.request();
      await desk.ask({ id, ...rest });
      expect(await desk.ask(desk.attach(id, { after: 1 }))).to.deep.equal([]);
    });

    it('has no record of it for another caller, who receives no later replies', async () => {
      const { id } = await running();
      await desk.replies();
      await desk.receive(desk.attach(id, { caller: ann, session: 's9' }), ann);
      expect(brief(await desk.replies())).to.deep.equal(['s9 1 unknown']);
      expect(await ended()).to.deep.equal(['s1 2 ok']);
      expect(desk.audit[0]).to.deep.include({
        outcome: 'unknown',
        request: id,
        caller: ann,
        collective: 'mcollective',
      });
    });
  });

  describe('when a caller cancels', () => {
    it('aborts the action, and sends the result to every session', async () => {
      const { id } = await running();
      await desk.replies();
      await desk.receive(desk.cancel(id, { session: 's2' }));
      await desk.ended();
      const replies = await desk.replies();
      expect(brief(replies)).to.deep.equal(['s1 2 cancelled', 's2 2 cancelled']);
      expect(replies[0]).to.include({ statuscode: 1, statusmsg: 'cancelled by the caller' });
      expect(desk.calls[0]?.context.signal.aborted).to.equal(true);
      expect(desk.audit).to.have.length(1);
      expect(desk.audit[0]).to.include({ outcome: 'cancelled', reason: 'cancelled by the caller' });
    });

    it('sends the kept replies of an ended request', async () => {
      const { id, ...rest } = desk.request();
      await desk.ask({ id, ...rest });
      expect(brief(await desk.ask(desk.cancel(id, { session: 's2' })))).to.deep.equal(['s2 1 ok']);
    });

    it('has no record of it for another caller, and lets the action continue', async () => {
      const { id } = await running();
      await desk.replies();
      await desk.receive(desk.cancel(id, { caller: ann, session: 's9' }), ann);
      expect(brief(await desk.replies())).to.deep.equal(['s9 1 unknown']);
      expect(desk.calls[0]?.context.signal.aborted).to.equal(false);
      expect(await ended()).to.deep.equal(['s1 2 ok']);
    });
  });

  for (const type of ['attach', 'cancel'] as const) {
    it(`answers unknown to "${type}" of an unknown request`, async () => {
      const { id } = desk.request();
      const [reply, ...more] = await desk.ask(desk[type](id));
      expect(more).to.deep.equal([]);
      expect(reply).to.deep.include({
        id,
        kind: 'result',
        seq: 1,
        agent: '',
        action: '',
        outcome: 'unknown',
        statuscode: 5,
        statusmsg: 'this node has no record of this request',
        data: {},
      });
      expect(desk.audit.map(({ now, ...entry }) => entry)).to.deep.equal([
        {
          request: id,
          caller: rip,
          collective: 'mcollective',
          outcome: 'unknown',
          statuscode: 5,
          reason: 'this node has no record of this request',
        },
      ]);
    });

    it(`answers expired to an old "${type}", even of a kept request`, async () => {
      const { id, ...rest } = desk.request();
      await desk.ask({ id, ...rest });
      const replies = await desk.ask(desk[type](id, { time: Date.now() - 61_000 }));
      expect(brief(replies)).to.deep.equal(['s1 1 expired']);
    });
  }

  it('limits concurrent actions, and starts the next when one has ended', async () => {
    desk.close();
    await open(', limits: { concurrency: 1 }');
    await running();
    await desk.receive(desk.request({ action: 'look' }));
    expect(desk.calls).to.have.length(1);
    expect(await ended()).to.deep.equal(['s1 1 progress', 's1 2 ok', 's1 1 ok']);
    expect(desk.calls).to.have.length(2);
  });

  it('writes the trace of a refused request to the log and the audit', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await desk.ask(desk.request({ traceparent, input: { odd: true } as never }));
    expect(desk.audit[0]).to.include({ outcome: 'failed', traceparent });
    expect(desk.log.lines[0]).to.include({ msg: 'request refused', traceparent });
  });

  it('answers a refused request with a complete result, and writes it to the audit', async () => {
    const request = desk.request({ input: { text: 'x', pin: '1234', odd: true } as never });
    const [reply, ...more] = await desk.ask(request);
    expect(more).to.deep.equal([]);
    const { time, statusmsg, ...rest } = reply as Reply & { statusmsg: string };
    expect(time).to.be.within(request.time, Date.now());
    expect(statusmsg).to.include('odd');
    expect(rest).to.deep.equal({
      v: 2,
      protocol: 2,
      type: 'reply',
      kind: 'result',
      id: request.id,
      seq: 1,
      sender: identity,
      caller: rip,
      session: 's1',
      collective: 'mcollective',
      agent: 'work',
      action: 'change',
      outcome: 'failed',
      statuscode: 4,
      data: {},
    });
    expect(desk.audit).to.deep.equal([
      {
        request: request.id,
        caller: rip,
        collective: 'mcollective',
        agent: 'work',
        action: 'change',
        input: { text: 'x', pin: '[redacted]', odd: '[redacted]' },
        outcome: 'failed',
        statuscode: 4,
        reason: statusmsg,
        now: time,
      },
    ]);
    const { level, msg, ...line } = desk.log.lines[0] ?? { level: 0, msg: '' };
    expect([level, msg]).to.deep.equal([30, 'request refused']);
    expect(line).to.deep.include({
      request: request.id,
      caller: rip,
      agent: 'work',
      action: 'change',
      outcome: 'failed',
      reason: statusmsg,
    });
    expect(desk.node.stats).to.include({ denied: 0, passed: 1, filtered: 0 });
  });

  describe('with a faulty disk', () => {
    const spoil = () => mkdirSync(join(desk.config.state_dir, 'requests.jsonl'));

    it('does not run a mutating action that cannot be recorded', async () => {
      spoil();
      const request = desk.request();
      const [reply] = await desk.ask(request);
      expect(reply).to.include({
        outcome: 'failed',
        statuscode: 5,
        statusmsg: 'this node cannot record the request on its disk, so it does not run it',
      });
      expect(desk.calls).to.deep.equal([]);
      expect(desk.jobs.hasBegun(request)).to.equal(false);
      expect(errors()).to.deep.equal(['cannot record a request on disk: request not run']);
      expect(audited()).to.deep.equal([`${rip} failed`]);
      expect(desk.node.stats.unvalidated).to.equal(0);
    });

    it('names the file and the fault in its reply', async () => {
      const full = {
        code: 'ENOSPC',
        errno: -constants.errno.ENOSPC,
        syscall: 'fdatasync',
        path: '/x/requests.jsonl',
      };
      desk.jobs.flush = () => Promise.reject(Object.assign(new Error('ENOSPC'), full));
      const [reply] = await desk.ask(desk.request());
      expect(reply).to.have.property(
        'statusmsg',
        'this node cannot record the request on its disk, so it does not run it: cannot write /x/requests.jsonl: ENOSPC: no space left on device',
      );
    });

    it('runs a read-only action', async () => {
      spoil();
      const request = desk.request({ action: 'look' });
      expect(brief(await desk.ask(request))).to.deep.equal(['s1 1 ok']);
      expect(brief(await desk.ask(request))).to.deep.equal(['s1 1 ok']);
      expect(desk.calls).to.have.length(1);
    });

    it('runs a mutating action only after its record is flushed', async () => {
      let safe = () => {};
      desk.jobs.flush = () =>
        new Promise((resolve) => {
          safe = resolve;
        });
      await desk.receive(desk.request());
      await desk.receive(desk.request({ action: 'look' }));
      const actions = () => desk.calls.map(({ action }) => action);
      expect(actions()).to.deep.equal(['look']);
      safe();
      await desk.ended();
      expect(actions()).to.deep.equal(['look', 'change']);
    });

    it('fails a mutating action whose record cannot be flushed', async () => {
      desk.jobs.flush = () => Promise.reject(new Error('EIO'));
      const request = desk.request();
      const [reply] = await desk.ask(request);
      expect(reply).to.include({
        outcome: 'failed',
        statuscode: 5,
        statusmsg: 'this node cannot record the request on its disk, so it does not run it',
      });
      expect(desk.calls).to.deep.equal([]);
      expect(audited()).to.deep.equal([`${rip} failed`]);
      expect(errors()).to.deep.equal(['cannot record a request on disk: request not run']);
      expect(brief(await desk.ask(request)), 'and not when it comes again').to.deep.equal(['s1 1 failed']);
      expect(desk.calls).to.deep.equal([]);
    });

    it('does not wait for a flush before a read-only action', async () => {
      desk.jobs.flush = () => new Promise(() => {});
      expect(brief(await desk.ask(desk.request({ action: 'look' })))).to.deep.equal(['s1 1 ok']);
    });
  });

  describe('with an audit', () => {
    it('records how an action ended and how long it took', async () => {
      const start = Date.now();
      desk.handle = () => {
        mock.timers.setTime(start + 1500);
        return {};
      };
      const filter = { ...emptyFilter, identities: [identity] };
      const request = desk.request({ filter, secret: await desk.secret({ pin: '1234' }) });
      await desk.receive(request, desk.offering());
      await desk.ended();
      expect(desk.audit).to.deep.equal([
        {
          request: request.id,
          caller: rip,
          collective: 'mcollective',
          agent: 'work',
          action: 'change',
          input: { pin: '[redacted]' },
          filter: { identities: [identity] },
          outcome: 'ok',
          statuscode: 0,
          seconds: 1.5,
        },
      ]);
    });

    it('records why an action failed', async () => {
      desk.handle = () => {
        throw new Error('a secret of the handler');
      };
      await desk.ask(desk.request());
      expect(desk.audit[0]).to.include({
        outcome: 'failed',
        statuscode: 5,
        reason: 'the action failed unexpectedly; see the log of the node for the reason',
      });
    });

    for (const discovery of [true, false]) {
      it(`records ${discovery ? 'discovery' : 'no discovery'} if audit.discovery is ${discovery}`, async () => {
        desk.close();
        await open(`, audit: { file: /none, discovery: ${discovery} }`);
        await desk.ask(desk.request({ agent: 'discovery', action: 'ping' }));
        await desk.ask(desk.request({ action: 'look' }));
        expect(desk.audit.map(({ agent }) => agent)).to.deep.equal([
          ...(discovery ? ['discovery'] : []),
          'work',
        ]);
      });
    }

    it('records a request before it runs if on_failure is "refuse"', async () => {
      desk.close();
      await open(', audit: { file: /none, on_failure: refuse }');
      let before: readonly string[] = [];
      desk.handle = () => {
        before = audited();
        return {};
      };
      const request = desk.request();
      await desk.ask(request);
      expect(before).to.deep.equal([`${rip} begun`]);
      expect(audited()).to.deep.equal([`${rip} begun`, `${rip} ok`]);
      expect(desk.audit[0]).to.include({ request: request.id, agent: 'work', action: 'change' });
    });

    it('runs nothing that cannot be recorded if on_failure is "refuse", until it can be', async () => {
      desk.close();
      await open(', audit: { file: /none, on_failure: refuse }');
      desk.auditFault = new Error('ENOSPC');
      const request = desk.request();
      const [reply] = await desk.ask(request);
      expect(reply).to.include({
        outcome: 'failed',
        statuscode: 5,
        statusmsg: 'this node cannot write its audit log, so it does not run requests (audit.on_failure)',
      });
      expect(desk.calls).to.deep.equal([]);
      expect(errors()).to.deep.equal(['cannot write the audit log: request not run']);
      expect(audited()).to.deep.equal([`${rip} failed`]);
      desk.auditFault = undefined;
      expect(brief(await desk.ask(request))).to.deep.equal(['s1 1 ok']);
    });

    it('runs what cannot be recorded if on_failure is "warn"', async () => {
      desk.auditFault = new Error('ENOSPC');
      expect(brief(await desk.ask(desk.request()))).to.deep.equal(['s1 1 ok']);
      expect(audited()).to.deep.equal([`${rip} ok`]);
    });
  });
});
