import { emptyFilter } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { call, collect, isConfirmed, isNamed, show } from '../../../src/application/commands/call.js';
import { guarded } from '../../../src/application/commands/plain.js';
import { manageResource } from '../../../src/application/commands/resource.js';
import { runOnce } from '../../../src/application/commands/runs.js';
import { disable, enable, showCount, showStatus } from '../../../src/application/commands/state.js';
import { showSummary } from '../../../src/application/commands/summary.js';
import { FakeSession } from './session.js';

const named = { ...emptyFilter, identities: ['a'] };

describe('the replies to a command', () => {
  it('are printed if they are ok and worth a line, and noted otherwise', async () => {
    const session = new FakeSession([
      { sender: 'a', data: { x: 1 } },
      { sender: 'b', data: {} },
      { sender: 'c', state: 'denied', statusmsg: 'no' },
    ]);
    const answers = await collect(session, call(session, 'status'), {
      lineOf: ({ data }) => (data.x === undefined ? undefined : `x ${data.x}`),
    });
    expect(session.printed).to.deep.equal(['a: x 1']);
    expect(session.notes).to.deep.equal(['c: denied: no']);
    expect(answers.ok.map(({ sender }) => sender)).to.deep.equal(['a', 'b']);
    expect(answers.all).to.have.length(3);
    expect(answers.exitCode).to.equal(2);
  });

  it('are results, failures among them, where JSON is wanted', async () => {
    const session = new FakeSession([{}, { state: 'denied' }]).asJson();
    await collect(session, call(session, 'status'), { lineOf: () => 'line' });
    expect({ printed: session.printed, notes: session.notes }).to.deep.equal({ printed: [], notes: [] });
    const [{ results, statistics }] = session.documents();
    expect(results.map(({ state }: { state: string }) => state)).to.deep.equal(['ok', 'denied']);
    expect(statistics).to.include({ ok: 1, failed: 1, exit_code: 2 });
  });

  it('are no results where JSON is wanted of what is made of them, and failures are noted', async () => {
    const session = new FakeSession([{}, { state: 'denied', statusmsg: 'no' }]).asJson();
    await collect(session, call(session, 'status'), { isSummed: true });
    expect({ printed: session.printed, notes: session.notes }).to.deep.equal({
      printed: [],
      notes: ['a: denied: no'],
    });
    expect(session.documents()[0].results).to.deep.equal([]);
  });

  it('are said to be none', async () => {
    const session = new FakeSession().asJson();
    const { exitCode } = await collect(session, call(session, 'status'));
    const message = 'no node with the agent puppetd matches the filter';
    expect(session.notes).to.deep.equal([message]);
    expect(session.documents()[0].errors).to.deep.equal([{ code: 'NO_NODES', message }]);
    expect(exitCode).to.equal(1);
  });

  for (const [filter, code] of [
    [emptyFilter, 3],
    [named, 4],
  ] as const)
    it(`end with ${code} if nobody answered${code === 4 ? ' that was named' : ''}`, async () => {
      const session = new FakeSession([{ state: 'no-reply' }]);
      session.filter = filter;
      expect((await collect(session, call(session, 'status'))).exitCode).to.equal(code);
    });

  it('end with a code of its own if it was interrupted', async () => {
    const session = new FakeSession([{}]);
    session.signal = AbortSignal.abort();
    expect((await collect(session, call(session, 'status'))).exitCode).to.equal(130);
  });

  it('are asked for in the collective, by the filter, until the signal', () => {
    const session = new FakeSession();
    call(session, 'status', { x: 1 });
    const { collective, filter, signal } = session;
    expect(session.calls).to.deep.equal([
      { action: 'status', input: { x: 1 }, options: { collective, filter, signal } },
    ]);
    const pieces: string[] = [];
    call(session, 'runonce', {}, (sender, text) => pieces.push(`${sender} ${text}`));
    session.calls[1]?.options.onProgress?.({ sender: 'a', data: 7 });
    expect(pieces).to.deep.equal(['a 7']);
  });
});

describe('what is shown', () => {
  it('is lines for people, and none where JSON is wanted', () => {
    const session = new FakeSession();
    show(session, ['one', 'two']);
    expect(session.printed).to.deep.equal(['one', 'two']);
    const json = new FakeSession().asJson();
    show(json, ['one', 'two']);
    expect(json.printed).to.deep.equal([]);
  });

  it('cannot play with the terminal', () => {
    const session = new FakeSession();
    const safe = guarded(session);
    safe.print('a\u001b[31mred\u001b[0m\tb\u0007\n\u009b');
    safe.note('x\u001b[2J\n');
    expect(session.printed).to.deep.equal(['ared\tb\ufffd\ufffd\ufffd']);
    expect(session.notes).to.deep.equal(['x\ufffd']);
  });
});

describe('whether all nodes are meant', () => {
  for (const answer of [true, false])
    it(`is asked where no filter says which, and ${answer ? 'may be so' : 'may not be so'}`, async () => {
      const session = Object.assign(new FakeSession(), { answer });
      expect(await isConfirmed(session, 'Enable Puppet')).to.equal(answer);
      expect(session.questions).to.deep.equal(['Enable Puppet on all nodes?']);
    });

  it('is not asked where a filter says which', async () => {
    const session = Object.assign(new FakeSession(), { filter: named, answer: false });
    expect(await isConfirmed(session, 'Enable Puppet')).to.equal(true);
    expect(session.questions).to.deep.equal([]);
  });

  it('is no question where they were named', () => {
    expect(isNamed(Object.assign(new FakeSession(), { filter: named }))).to.equal(true);
    expect(isNamed(new FakeSession())).to.equal(false);
    const classes = { ...emptyFilter, classes: ['web'] };
    expect(isNamed(Object.assign(new FakeSession(), { filter: classes }))).to.equal(false);
  });

  for (const [what, command] of [
    ['enable', (session: FakeSession) => enable(session)],
    ['disable', (session: FakeSession) => disable(session, undefined)],
    ['runonce', (session: FakeSession) => runOnce(session, {})],
    ['resource', (session: FakeSession) => manageResource(session, 'host', 'a', ['ip=1'], false)],
  ] as const) {
    it(`decides whether ${what} touches any`, async () => {
      const session = Object.assign(new FakeSession([{}]), { answer: false });
      expect(await command(session)).to.equal(1);
      expect(session.calls).to.deep.equal([]);
      session.answer = true;
      expect(await command(session)).to.equal(0);
      expect(session.calls).to.have.length(1);
    });
  }

  for (const [what, command] of [
    ['runonce', (session: FakeSession) => runOnce(session, { noop: true })],
    ['resource', (session: FakeSession) => manageResource(session, 'host', 'a', ['ip=1'], true)],
    ['count', (session: FakeSession) => showCount(session)],
  ] as const)
    it(`does not matter to ${what}, which changes nothing`, async () => {
      const session = Object.assign(new FakeSession([{}]), { answer: false });
      expect(await command(session)).to.equal(0);
      expect(session.questions).to.deep.equal([]);
      expect(session.calls).to.have.length(1);
    });
});

describe('the state of Puppet on many nodes', () => {
  const status = { message: 'stopped', enabled: true, disable_message: '', status: 'stopped' };
  const all = [
    { sender: 'a', data: status },
    {
      sender: 'b',
      data: { ...status, enabled: false, disable_message: 'why', daemon_present: true, idling: true },
    },
    { sender: 'c', data: { message: null, enabled: false, disable_message: '', applying: true } },
    { sender: 'd', state: 'denied', statusmsg: 'no' } as const,
  ];
  const counts = [
    '      nodes with Puppet: 3',
    '                enabled: 1',
    '               disabled: 2',
    '     applying a catalog: 1',
    '                stopped: 2',
    "Puppet's daemon running: 1",
    "   Puppet's daemon idle: 1",
    '        last run failed: 0',
  ];

  it('is a line of each and the counts', async () => {
    const session = new FakeSession(all);
    expect(await showStatus(session)).to.equal(2);
    expect(session.printed).to.deep.equal(['a: stopped', 'b: stopped; disabled: why', 'c: ', '', ...counts]);
  });

  it('is a result of each', async () => {
    const session = new FakeSession(all).asJson();
    await showStatus(session);
    const [first, , , last] = session.documents()[0].results;
    expect(first).to.deep.include({ sender: 'a', state: 'ok', data: status });
    expect(last).to.include({ sender: 'd', state: 'denied', statusmsg: 'no' });
  });

  it('is counted', async () => {
    const session = new FakeSession(all);
    await showCount(session);
    expect(session.printed).to.deep.equal(counts);
    const json = new FakeSession(all).asJson();
    await showCount(json);
    expect(json.documents()[0].results).to.deep.equal([
      {
        total: 3,
        enabled: 1,
        disabled: 2,
        applying: 1,
        stopped: 2,
        daemons: 1,
        idling: 1,
        lastrun_failed: 0,
      },
    ]);
  });

  it('is nothing where nobody answered', async () => {
    for (const command of [showStatus, showCount, showSummary]) {
      const session = new FakeSession([{ state: 'offline' }]);
      expect(await command(session)).to.equal(3);
      expect(session.printed).to.deep.equal([]);
    }
  });

  it('is counted again after it was changed, of those too that had it already', async () => {
    const session = Object.assign(
      new FakeSession([
        { data: { enabled: true } },
        { state: 'failed', data: { enabled: true } },
        { data: { enabled: false } },
        { state: 'denied' },
      ]),
      { filter: named },
    );
    await disable(session, 'why');
    expect(session.calls[0]).to.include({ action: 'disable' });
    expect(session.calls[0]?.input).to.deep.equal({ message: 'why' });
    expect(session.printed).to.deep.equal(['2 enabled, 1 disabled']);
    const silent = Object.assign(new FakeSession([{ state: 'denied' }]), { filter: named });
    await enable(silent);
    expect(silent.calls[0]?.input).to.deep.equal({});
    expect(silent.printed).to.deep.equal([]);
  });
});

describe('a command for one resource', () => {
  it('gives properties as they were written', async () => {
    const session = Object.assign(new FakeSession([{ data: { changed: true, result: 'done' } }, {}]), {
      filter: named,
    });
    await manageResource(session, 'host', 'a', ['ip=1', 'comment=x=y', 'empty='], false);
    expect(session.calls[0]?.input).to.deep.equal({
      type: 'host',
      name: 'a',
      ip: '1',
      comment: 'x=y',
      empty: '',
    });
    expect(session.printed).to.deep.equal(['a: done', '1 changed, 1 unchanged']);
    await manageResource(session, 'host', 'a', [], true);
    expect(session.calls[1]?.input).to.deep.equal({ type: 'host', name: 'a', noop: true });
  });

  for (const word of ['ip', '=1', 'type=x', 'name=x'])
    it(`takes no ${JSON.stringify(word)} for a property`, async () => {
      const session = Object.assign(new FakeSession(), { filter: named });
      const error = await manageResource(session, 'host', 'a', [word], false).catch(String);
      expect(error).to.include(`invalid property "${word}": expected NAME=VALUE`);
    });
});
