import { once } from 'node:events';
import type { Result } from '@troupe/client';
import { emptyFilter } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Fleet, type Selection } from '../../src/application/index.js';
import { type Question, ScriptedClient, turn } from './scripted-client.js';

const filter = { ...emptyFilter, classes: ['web'] };

describe('a fleet', () => {
  let script: ScriptedClient;
  let fleet: Fleet;
  let events: string[];

  beforeEach(() => {
    script = new ScriptedClient();
    events = [];
  });
  afterEach(() => fleet?.close());

  /** A fleet of these nodes. */
  async function open(members: readonly string[], selection: Selection = {}): Promise<void> {
    for (const identity of members) script.tell(identity, true);
    const opening = Fleet.open(script.client, selection);
    await turn();
    script.last.answer(...members.map((sender) => ({ sender })));
    fleet = await opening;
    fleet.listen({
      arrived: ({ identity }) => events.push(`+${identity}`),
      departed: (identity) => events.push(`-${identity}`),
    });
  }
  const names = () => fleet.members().map(({ identity }) => identity);
  const asked = () => script.questions.map(({ options }) => options.targets?.join() ?? 'all');
  const questionTo = (identity: string): Question => {
    const question = script.questions.findLast(({ options }) => options.targets?.[0] === identity);
    if (!question) throw new Error(`${identity} was not asked`);
    return question;
  };

  describe('asks for the state', () => {
    for (const [what, selection] of [
      ['of all nodes', {}],
      ['of those that a filter matches', { filter }],
      ['of named nodes', { targets: ['a', 'b'] }],
      ['in another collective', { collective: 'eu' }],
    ] as const)
      it(what, async () => {
        await open(['a'], selection);
        const { signal, onDiscovered: _, ...options } = script.last.options;
        expect(options).to.deep.equal(selection);
        expect(script.last.action).to.equal('status');
        expect(script.presences).to.deep.equal(['collective' in selection ? 'eu' : undefined]);
        expect(signal?.aborted).to.equal(false);
      });

    it('until the signal fires or it is closed', async () => {
      const stop = new AbortController();
      await open(['a'], { signal: stop.signal });
      const refreshed = fleet.refresh();
      const { signal } = script.last.options;
      stop.abort();
      expect(signal?.aborted).to.equal(true);
      await refreshed;
      expect(names()).to.deep.equal(['a']);

      await open(['a']);
      const again = fleet.refresh();
      fleet.close();
      expect(script.last.options.signal?.aborted).to.equal(true);
      await again;
    });
  });

  for (const [status, member] of [
    [{}, {}],
    [
      { enabled: false, disable_message: 'why', applying: true, server: 'puppet1' },
      { isEnabled: false, disableMessage: 'why', isApplying: true, server: 'puppet1' },
    ],
    [{ enabled: true, applying: false }, {}],
    [{ lastrun_began: 5, lastrun: 7 }, { began: 5 }],
    [{ lastrun_began: 0, lastrun: 7 }, { began: 7 }],
  ] as const)
    it(`reads a member from the status ${JSON.stringify(status)}`, async () => {
      const opening = Fleet.open(script.client, {});
      await turn();
      script.last.answer({ sender: 'a', data: status });
      fleet = await opening;
      expect(fleet.get('a')).to.deep.equal({
        identity: 'a',
        server: '',
        isEnabled: true,
        isApplying: false,
        disableMessage: '',
        began: 0,
        ...member,
      });
    });

  it('reports nodes that did not answer with their status', async () => {
    const unable: Result[] = [];
    const opening = Fleet.open(script.client, {}, (result) => unable.push(result));
    await turn();
    script.last.found({ silent: ['s'], offline: ['o'] });
    script.last.answer({ sender: 'a' }, { sender: 'b', state: 'denied', statusmsg: 'no' });
    fleet = await opening;
    expect(unable.map(({ sender }) => sender)).to.deep.equal(['b']);
    expect(names()).to.deep.equal(['a']);
    expect(fleet.unheard).to.deep.equal(['s']);
    expect(fleet.offline).to.deep.equal(['o']);
  });

  it('does not report the nodes whose reply it no longer waits for after an abort', async () => {
    const unable: Result[] = [];
    const stop = new AbortController();
    const opening = Fleet.open(script.client, { signal: stop.signal }, (result) => unable.push(result));
    await turn();
    stop.abort();
    fleet = await opening;
    expect(unable).to.deep.equal([]);
  });

  it('leaves no listener behind if discovery fails', async () => {
    const opening = Fleet.open(script.client, {}).catch(String);
    await turn();
    expect(script.listeners.size).to.equal(1);
    script.last.fail(new Error('no broker'));
    expect(await opening).to.equal('Error: no broker');
    expect(script.listeners.size).to.equal(0);
  });

  describe('with a newcomer', () => {
    for (const selection of [{ filter }, { collective: 'eu' }, {}])
      it(`asks it, and it alone, by the same selection ${JSON.stringify(Object.keys(selection))}`, async () => {
        await open(['a'], selection);
        script.tell('b', true);
        await turn();
        const { signal, ...options } = script.last.options;
        expect(options).to.deep.equal({ ...selection, targets: ['b'] });
        script.last.answer({ data: { server: 'puppet1' } });
        await turn();
        expect(signal?.aborted).to.equal(false);
        expect(events).to.deep.equal(['+b']);
        expect(fleet.get('b')).to.include({ server: 'puppet1' });
      });

    it('takes it in only if the filter does not leave it out', async () => {
      await open(['a'], { filter });
      script.tell('b', true);
      await turn();
      script.last.answer({ state: 'failed', statusmsg: 'the filter does not match this node' });
      await turn();
      expect(events).to.deep.equal([]);
      expect(names()).to.deep.equal(['a']);
    });

    it('does not ask one that is not among the named', async () => {
      await open(['a'], { targets: ['a', 'b'] });
      script.tell('x', true);
      script.tell('b', true);
      await turn();
      expect(asked()).to.deep.equal(['a,b', 'b']);
    });

    for (const identities of [
      ['a', 'b'],
      ['a', '/^[bc]$/'],
    ])
      it(`asks only one that a filter of the names ${identities.join(' and ')} names`, async () => {
        const named = { ...emptyFilter, classes: ['web'], identities };
        await open(['a'], { filter: named });
        script.tell('x', true);
        script.tell('b', true);
        await turn();
        expect(asked()).to.deep.equal(['all', 'b']);
        // Its name matches: it evaluates the rest.
        expect(script.last.options.filter).to.deep.equal(filter);
      });

    it('asks it once while it comes and comes, and once more after it answered that it is none', async () => {
      await open(['a']);
      for (let count = 0; count < 3; count += 1) script.tell('b', true);
      await turn();
      expect(asked()).to.deep.equal(['all', 'b']);
      script.last.answer({ state: 'failed' });
      await turn();
      script.tell('b', true);
      await turn();
      expect(asked()).to.deep.equal(['all', 'b', 'b']);
    });

    it('asks no member that says again that it is here', async () => {
      await open(['a']);
      script.tell('a', true, 2);
      await turn();
      expect(asked()).to.deep.equal(['all']);
    });

    it('asks twenty at a time', async () => {
      await open([]);
      for (let index = 0; index < 22; index += 1) script.tell(`n${index}`, true);
      await turn();
      expect(asked()).to.have.length(21);
      questionTo('n0').answer({});
      await turn();
      expect(asked().at(-1)).to.equal('n20');
      questionTo('n1').fail(new Error('no broker'));
      await turn();
      expect(asked().at(-1)).to.equal('n21');
    });

    it('warns if it cannot be asked', async () => {
      await open([]);
      script.tell('b', true);
      await turn();
      const warned = once(process, 'warning');
      script.last.fail(new Error('no broker'));
      const [warning] = await warned;
      expect(String(warning)).to.include('cannot read the Puppet status of b, which came online: no broker');
      expect(names()).to.deep.equal([]);
    });

    it('says nothing of those that it had not asked when it was closed', async () => {
      await open([]);
      const warned = once(process, 'warning');
      for (let index = 0; index < 40; index += 1) script.tell(`n${index}`, true);
      await turn();
      fleet.close();
      await turn();
      process.emitWarning('the first');
      const [warning] = await warned;
      expect(String(warning)).to.include('the first');
    });

    it('takes nobody in after it was closed', async () => {
      await open([]);
      script.reply = ({ answer }) => answer({});
      script.tell('b', true);
      fleet.close();
      await turn();
      expect(names()).to.deep.equal([]);
    });

    it('tells nobody of one that it found as it was closed', async () => {
      await open([]);
      const refreshed = fleet.refresh();
      await turn();
      script.last.answer({ sender: 'b' });
      fleet.close();
      await refreshed;
      expect(events).to.deep.equal([]);
    });

    it('takes nobody in who answers in time but is looked at after it was closed', async () => {
      await open([]);
      script.tell('b', true);
      await turn();
      script.last.answer({});
      fleet.close();
      await turn();
      expect(names()).to.deep.equal([]);
    });
  });

  it('lets go of members that go offline, and of nobody else', async () => {
    await open(['a', 'b']);
    script.tell('x', false);
    script.tell('a', false);
    expect(events).to.deep.equal(['-a']);
    expect(names()).to.deep.equal(['b']);
    expect(fleet.isOnline('a')).to.equal(false);
    expect(fleet.isOnline('b')).to.equal(true);
  });

  it('drops a member that no longer matches, and asks it when it comes online again', async () => {
    await open(['a', 'b'], { filter });
    fleet.drop('a');
    fleet.drop('x');
    expect(events).to.deep.equal(['-a']);
    expect(names()).to.deep.equal(['b']);
    script.tell('a', true);
    await turn();
    expect(asked()).to.deep.equal(['all', 'a']);
  });

  it('notes what was learned of members, and of nobody else', async () => {
    await open(['a']);
    fleet.update('a', { began: 7 });
    fleet.update('x', { began: 7 });
    expect(fleet.members()).to.have.length(1);
    expect(fleet.get('a')).to.include({ identity: 'a', began: 7, isEnabled: true });
  });

  it('tells listeners until they stop, and until it is closed', async () => {
    await open(['a', 'b']);
    const heard: string[] = [];
    const stop = fleet.listen({ departed: (identity) => heard.push(identity) });
    fleet.listen({});
    script.tell('a', false);
    stop();
    script.tell('b', false);
    expect(heard).to.deep.equal(['a']);
    expect(events).to.deep.equal(['-a', '-b']);
    fleet.close();
    expect(script.listeners.size).to.equal(0);
  });

  describe('that is looked for again', () => {
    it('keeps those who answer, lets go of those who match no longer, and takes in who was missed', async () => {
      await open(['a', 'b']);
      const refreshed = fleet.refresh();
      await turn();
      script.last.answer(
        { sender: 'a', data: { applying: true } },
        { sender: 'b', state: 'denied' },
        { sender: 'c' },
      );
      await refreshed;
      expect(events).to.deep.equal(['+c', '-b']);
      expect(fleet.get('a')).to.include({ isApplying: true });
    });

    it('asks who came meanwhile and did not answer, if it is still here', async () => {
      await open(['a']);
      const refreshed = fleet.refresh();
      for (const identity of ['b', 'c', 'd']) script.tell(identity, true);
      script.tell('d', false);
      await turn();
      expect(asked()).to.deep.equal(['all', 'all']);
      script.last.answer({ sender: 'a' }, { sender: 'b' });
      await refreshed;
      await turn();
      expect(asked()).to.deep.equal(['all', 'all', 'c']);
      expect(events).to.deep.equal(['+b']);
    });

    it('keeps a member that was back during the question and did not answer it, and asks it', async () => {
      await open(['a']);
      const refreshed = fleet.refresh();
      script.tell('a', true, 2);
      script.last.answer();
      await refreshed;
      await turn();
      expect(events).to.deep.equal([]);
      expect(asked()).to.deep.equal(['all', 'all', 'a']);
    });

    it('asks newcomers at once again after that failed', async () => {
      await open(['a']);
      const refreshed = fleet.refresh().catch(String);
      await turn();
      script.last.fail(new Error('no broker'));
      expect(await refreshed).to.equal('Error: no broker');
      expect(names()).to.deep.equal(['a']);
      script.tell('b', true);
      await turn();
      expect(asked().at(-1)).to.equal('b');
    });
  });
});
