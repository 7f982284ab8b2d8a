import { emptyFilter } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { call, collect, isMeant, isNamed, show } from '../../../src/application/commands/call.js';
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
    const answers = await collect(session, call(session, 'status'), ({ data }) =>
      data.x === undefined ? undefined : `x ${data.x}`,
    );
    expect(session.printed).to.deep.equal(['a: x 1']);
    expect(session.notes).to.deep.equal(['c: denied: no']);
    expect(answers.ok.map(({ sender }) => sender)).to.deep.equal(['a', 'b']);
    expect(answers.all).to.have.length(3);
    expect(answers.exitCode).to.equal(2);
  });

  it('are neither where JSON is wanted', async () => {
    const session = new FakeSession([{}, { state: 'denied' }]);
    session.isJson = true;
    await collect(session, call(session, 'status'), () => 'line');
    expect({ printed: session.printed, notes: session.notes }).to.deep.equal({ printed: [], notes: [] });
  });

  it('are said to be none', async () => {
    const session = new FakeSession();
    const { exitCode } = await collect(session, call(session, 'status'));
    expect(session.notes).to.deep.equal(['No node matches and has the agent puppetd']);
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
  for (const [isJson, isWatched, printed] of [
    [false, true, ['one', 'two']],
    [true, false, ['{"x":1}']],
    [true, true, ['{\n  "x": 1\n}']],
  ] as const)
    it(`is ${isJson ? 'a document' : 'lines'}${isJson && isWatched ? ' with indentation for people' : ''}`, () => {
      const session = Object.assign(new FakeSession(), { isJson, isWatched });
      show(session, { x: 1 }, ['one', 'two']);
      expect(session.printed).to.deep.equal(printed);
    });

  for (const [isJson, line, shown] of [
    [false, 'a\u001b[31mred\u001b[0m\tb\u0007\n\u009b', 'ared\tb\ufffd\ufffd\ufffd'],
    [true, '{"a": "\u009bü\u007f"}\n', '{"a": "\\u009bü\\u007f"}\n'],
  ] as const)
    it(`cannot play with the terminal ${isJson ? 'as JSON' : 'as lines'}`, () => {
      const session = Object.assign(new FakeSession(), { isJson });
      const safe = guarded(session);
      safe.print(line);
      safe.note('x\u001b[2J\n');
      expect(session.printed).to.deep.equal([shown]);
      expect(session.notes).to.deep.equal(['x\ufffd']);
    });
});

describe('whether all nodes are meant', () => {
  for (const answer of [true, false])
    it(`is asked where no filter says which, and ${answer ? 'may be so' : 'may not be so'}`, async () => {
      const session = Object.assign(new FakeSession(), { answer });
      expect(await isMeant(session, 'Enable Puppet')).to.equal(answer);
      expect(session.questions).to.deep.equal(['Enable Puppet on all nodes?']);
    });

  it('is not asked where a filter says which', async () => {
    const session = Object.assign(new FakeSession(), { filter: named, answer: false });
    expect(await isMeant(session, 'Enable Puppet')).to.equal(true);
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
    '     nodes with Puppet: 3',
    '               enabled: 1',
    '              disabled: 2',
    '    applying a catalog: 1',
    '               stopped: 2',
    "  with Puppet's daemon: 1",
    '         daemon idling: 1',
  ];

  it('is a line of each and the counts', async () => {
    const session = new FakeSession(all);
    expect(await showStatus(session)).to.equal(2);
    expect(session.printed).to.deep.equal(['a: stopped', 'b: stopped; disabled: why', 'c: ', '', ...counts]);
  });

  it('is a document of each', async () => {
    const session = Object.assign(new FakeSession(all), { isJson: true });
    await showStatus(session);
    const [first, , , last] = JSON.parse(session.printed.join(''));
    expect(first).to.deep.equal({ sender: 'a', state: 'ok', ...status });
    expect(last).to.deep.equal({ sender: 'd', state: 'denied', statusmsg: 'no' });
  });

  it('is counted', async () => {
    const session = new FakeSession(all);
    await showCount(session);
    expect(session.printed).to.deep.equal(counts);
    const json = Object.assign(new FakeSession(all), { isJson: true });
    await showCount(json);
    expect(JSON.parse(json.printed.join(''))).to.deep.equal({
      total: 3,
      enabled: 1,
      disabled: 2,
      applying: 1,
      stopped: 2,
      daemons: 1,
      idling: 1,
    });
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
    expect(session.printed).to.deep.equal(['a: done', '1 changed, 1 as they should be']);
    await manageResource(session, 'host', 'a', [], true);
    expect(session.calls[1]?.input).to.deep.equal({ type: 'host', name: 'a', noop: true });
  });

  for (const word of ['ip', '=1', 'type=x', 'name=x'])
    it(`takes no ${JSON.stringify(word)} for a property`, async () => {
      const session = Object.assign(new FakeSession(), { filter: named });
      const error = await manageResource(session, 'host', 'a', [word], false).catch(String);
      expect(error).to.include(`"${word}" is no property of the form NAME=VALUE`);
    });
});
