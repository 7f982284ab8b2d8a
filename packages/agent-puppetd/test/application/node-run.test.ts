import { mock } from 'node:test';
import type { Result } from '@troupe/client';
import { emptyFilter, Status } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type NodeRun, type NodeRunOptions, runNode } from '../../src/application/index.js';
import { ScriptedClient, turn } from './scripted-client.js';

const goneWhile = 'result of the run unknown';

describe('a run of one node', () => {
  let script: ScriptedClient;
  let ended: NodeRun | undefined;
  let running: Promise<void>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    script = new ScriptedClient();
    script.tell('a', true);
    ended = undefined;
  });
  afterEach(() => mock.timers.reset());

  async function start(options: NodeRunOptions = {}, input = {}): Promise<void> {
    running = runNode(script.client, 'a', input, options).then((run) => {
      ended = run;
    });
    running.catch(() => {});
    await turn();
  }
  async function pass(seconds: number): Promise<void> {
    await turn();
    for (let left = seconds; left > 0; left -= 0.25) {
      mock.timers.tick(250);
      await turn();
    }
  }
  async function answered(result: Partial<Result>): Promise<NodeRun> {
    script.last.answer(result);
    await turn();
    if (!ended) throw new Error(`it goes on: ${script.last.action}`);
    return ended;
  }
  const actions = () => script.questions.map(({ action }) => action);

  it('is asked for with the given inputs, waited for, in the given collective', async () => {
    await start({ collective: 'eu' }, { noop: true });
    const { signal: _, ...options } = script.last.options;
    expect(script.last.action).to.equal('runonce');
    expect(script.last.input).to.deep.equal({ noop: true, foreground: true, quiet: true });
    expect(options).to.deep.equal({ targets: ['a'], collective: 'eu' });
    expect(script.presences).to.deep.equal(['eu']);
  });

  it('is asked for with the rest of the filter that names the node, and followed without it', async () => {
    const filter = { ...emptyFilter, classes: ['web'] };
    await start({ filter: { ...filter, identities: ['a', 'b'] } });
    expect(script.last.options).to.deep.include({ targets: ['a'], filter });
    script.last.answer({ state: 'no-reply' });
    await turn();
    expect(script.last.action).to.equal('follow');
    expect(script.last.options).to.not.have.property('filter');
  });

  it('names no collective where none is given', async () => {
    await start();
    expect(script.last.options).to.not.have.property('collective');
  });

  it('ends with what the node said', async () => {
    await start();
    mock.timers.tick(1_500);
    const data = { outcome: 'changed', summary: 'three', initiated_at: 7 };
    expect(await answered({ data })).to.deep.equal({
      sender: 'a',
      kind: 'ran',
      ok: true,
      outcome: 'changed',
      reason: 'three',
      runId: 'run-0',
      began: 7,
      seconds: 1.5,
      mayRetry: false,
    });
    expect(script.listeners.size).to.equal(0);
  });

  const nothing = { sender: 'a', ok: false, runId: '', began: 0, seconds: 0, mayRetry: false };
  for (const [what, result, run] of [
    [
      'has failed',
      { state: 'failed', data: { outcome: 'failed-resources' }, statusmsg: 'words' },
      { kind: 'ran', outcome: 'failed-resources', reason: 'words', runId: 'run-0' },
    ],
    [
      'was disabled',
      { state: 'failed', data: { outcome: 'disabled', summary: 'off' } },
      { kind: 'skipped', ok: true, outcome: 'disabled', reason: 'off' },
    ],
    [
      'ran already',
      { data: { outcome: 'recent', summary: 'ran', initiated_at: 9 } },
      { kind: 'skipped', ok: true, outcome: 'recent', reason: 'ran', began: 9 },
    ],
    ...['already-running', 'ssl-locked', 'not-started'].map(
      (outcome) =>
        [
          `could not begin: ${outcome}`,
          { state: 'failed', data: { outcome } },
          { kind: 'not-begun', outcome, reason: 'OK', mayRetry: true },
        ] as const,
    ),
    [
      'did not start because the filter no longer matches the node',
      { state: 'failed', statuscode: Status.aborted, isUnmatched: true, statusmsg: 'no match' },
      { kind: 'skipped', ok: true, outcome: 'unmatched', reason: 'no match' },
    ],
    [
      'was refused because the daemon restarts',
      { state: 'failed', statuscode: Status.aborted, statusmsg: 'restarts' },
      { kind: 'not-begun', outcome: 'failed', reason: 'restarts', mayRetry: true },
    ],
    [
      'was refused for good',
      { state: 'failed', statuscode: Status.unknownAction, statusmsg: 'no such action' },
      { kind: 'not-begun', outcome: 'failed', reason: 'no such action' },
    ],
    [
      'was denied, with the code of what is refused in passing',
      { state: 'denied', statuscode: Status.aborted, statusmsg: 'no' },
      { kind: 'not-begun', outcome: 'denied', reason: 'no' },
    ],
    [
      'was cancelled, with a verdict',
      { state: 'cancelled', data: { outcome: 'aborted' }, statusmsg: 'cut' },
      { kind: 'ran', outcome: 'aborted', reason: 'cut', runId: 'run-0' },
    ],
  ] as const)
    it(`tells that it ${what}`, async () => {
      await start();
      expect(await answered(result as Partial<Result>)).to.deep.equal({ ...nothing, ...run });
      expect(actions()).to.deep.equal(['runonce']);
    });

  it('is not begun where the node is known to be offline', async () => {
    script.tell('a', false);
    await start();
    expect(ended).to.deep.equal({
      ...nothing,
      kind: 'silent',
      outcome: 'offline',
      reason: 'the node is offline',
    });
    expect(actions()).to.deep.equal([]);
  });

  it('is asked for where nothing is known of the node', async () => {
    script = new ScriptedClient();
    await start();
    expect(actions()).to.deep.equal(['runonce']);
  });

  it('may be tried again where the request could not be sent', async () => {
    await start();
    script.last.fail(new Error('no broker'));
    await turn();
    expect(ended).to.deep.equal({
      ...nothing,
      kind: 'not-begun',
      outcome: 'error',
      reason: 'no broker',
      mayRetry: true,
    });
  });

  describe('of which the node did not tell the end', () => {
    for (const state of ['offline', 'no-reply', 'unknown', 'cancelled', 'timeout'] as const)
      it(`is followed by the id of its request (${state})`, async () => {
        script.reply = (question) => question.action === 'runonce' && question.answer({ state });
        await start({ collective: 'eu' });
        const { signal: _, ...options } = script.last.options;
        expect(actions()).to.deep.equal(['runonce', 'follow']);
        expect(script.last.input).to.deep.equal({ run_id: 'run-0', quiet: true });
        expect(options).to.deep.equal({ targets: ['a'], collective: 'eu' });
        expect(await answered({ data: { outcome: 'changed', initiated_at: 3 } })).to.include({
          kind: 'ran',
          ok: true,
          runId: 'run-0',
          began: 3,
        });
      });

    beforeEach(() => {
      // The daemon restarts in the middle.
      script.reply = (question) => question.action === 'runonce' && question.answer({ state: 'cancelled' });
    });

    it('was lost where the node does not know it, and may be tried again', async () => {
      await start();
      expect(await answered({ state: 'failed', data: { outcome: 'unknown-run' } })).to.deep.equal({
        ...nothing,
        kind: 'not-begun',
        outcome: 'lost',
        reason: 'the request was lost before the node started a run',
        mayRetry: true,
      });
    });

    for (const [what, result] of [
      ['forbids to follow', { state: 'denied', statusmsg: 'not authorized' }],
      ['cannot follow', { state: 'failed', statuscode: Status.unknownAction, statusmsg: 'no such action' }],
      ['says nothing', { state: 'no-reply', statusmsg: 'silence' }],
    ] as const)
      it(`is given up at once where the node ${what}`, async () => {
        await start();
        expect(await answered(result)).to.deep.equal({
          ...nothing,
          kind: 'silent',
          outcome: result.state,
          reason: `${goneWhile}: ${result.statusmsg}`,
          runId: 'run-0',
        });
      });

    it('is asked for every half second while the daemon refuses, until the grace is over', async () => {
      script.reply = (question) =>
        question.answer(
          question.action === 'runonce'
            ? { state: 'unknown' }
            : { state: 'failed', statuscode: 5, statusmsg: 'restarts' },
        );
      await start({ grace: 2 });
      await pass(1.75);
      expect(ended).to.equal(undefined);
      await pass(0.25);
      expect(ended).to.include({ kind: 'silent', outcome: 'failed', reason: `${goneWhile}: restarts` });
      expect(actions()).to.deep.equal(['runonce', ...Array(4).fill('follow')]);
    });

    it('is given thirty seconds where no grace is named', async () => {
      script.reply = (question) =>
        question.answer(question.action === 'runonce' ? { state: 'unknown' } : { state: 'failed' });
      await start();
      await pass(29.75);
      expect(ended).to.equal(undefined);
      await pass(0.25);
      expect(ended).to.include({ kind: 'silent' });
    });

    it('is asked for again where the question could not be sent', async () => {
      await start();
      script.last.fail(new Error('no broker'));
      await turn();
      expect(actions()).to.deep.equal(['runonce', 'follow']);
      await pass(0.5);
      expect(actions()).to.deep.equal(['runonce', 'follow', 'follow']);
      expect(await answered({ data: { outcome: 'unchanged' } })).to.include({ kind: 'ran', ok: true });
    });

    it('is given the whole grace again after it was followed for a while', async () => {
      await start({ grace: 8 });
      await pass(6);
      script.last.answer({ state: 'failed', statusmsg: 'restarts' });
      await pass(6);
      expect(ended).to.equal(undefined);
      script.last.answer({ state: 'failed', statusmsg: 'restarts' });
      await pass(7.75);
      expect(ended).to.equal(undefined);
    });

    it('is given no more than the rest of the grace after it was followed for a moment', async () => {
      await start({ grace: 8 });
      await pass(5);
      script.last.answer({ state: 'failed', statusmsg: 'restarts' });
      script.reply = (question) => question.answer({ state: 'failed', statusmsg: 'restarts' });
      await pass(3);
      expect(ended).to.include({ kind: 'silent' });
    });
  });

  describe('whose node goes away', () => {
    let away: number;
    beforeEach(() => {
      away = 0;
    });
    const onAway = () => {
      away += 1;
    };

    it('holds nobody up after five seconds, and is given up after the grace', async () => {
      await start({ grace: 20, onAway });
      await pass(3);
      script.tell('a', false);
      await pass(4.75);
      expect(away).to.equal(0);
      await pass(0.25);
      expect(away).to.equal(1);
      await pass(14.75);
      expect(ended).to.equal(undefined);
      await pass(0.5);
      expect(away).to.equal(1);
      expect(ended).to.deep.equal({
        ...nothing,
        kind: 'silent',
        outcome: 'offline',
        reason: `${goneWhile}: the node went offline`,
        runId: 'run-0',
        seconds: 23.25,
      });
      expect(script.listeners.size).to.equal(0);
    });

    it('holds nobody up after the grace where that is shorter', async () => {
      await start({ grace: 2, onAway });
      script.tell('a', false);
      await pass(1.75);
      expect(away).to.equal(0);
      await pass(0.5);
      expect(away).to.equal(1);
      expect(ended).to.include({ kind: 'silent' });
    });

    it('counts its absence from the beginning, however often that is said', async () => {
      await start({ grace: 20, onAway });
      script.tell('a', false);
      await pass(3);
      script.tell('a', false);
      await pass(2);
      expect(away).to.equal(1);
      await pass(15.25);
      expect(ended).to.include({ kind: 'silent' });
    });

    it('goes on where the same daemon is back in time', async () => {
      await start({ grace: 20, onAway });
      script.tell('a', false);
      await pass(4);
      script.tell('a', true);
      await pass(60);
      expect({ away, ended, actions: actions() }).to.deep.equal({
        away: 0,
        ended: undefined,
        actions: ['runonce'],
      });
      script.tell('a', false);
      await pass(5);
      expect(away).to.equal(1);
    });

    it('is followed at once where another daemon is back', async () => {
      await start({ grace: 20, onAway });
      script.tell('a', false);
      await pass(2);
      script.tell('a', true, 2);
      await turn();
      expect(script.questions[0]?.options.signal?.aborted).to.equal(true);
      expect(actions()).to.deep.equal(['runonce', 'follow']);
      // The daemon that is asked now has not changed.
      script.tell('a', true, 2);
      await turn();
      expect(actions()).to.deep.equal(['runonce', 'follow']);
      expect(await answered({ data: { outcome: 'changed' } })).to.include({ kind: 'ran', ok: true });
    });

    it('is not disturbed by others', async () => {
      await start({ grace: 1, onAway });
      script.tell('b', false);
      script.tell('b', true, 9);
      await pass(10);
      expect({ away, actions: actions(), ended }).to.deep.equal({
        away: 0,
        actions: ['runonce'],
        ended: undefined,
      });
    });

    it('waits for it before it follows', async () => {
      await start({ grace: 20 });
      script.tell('a', false);
      script.last.answer({ state: 'offline' });
      await pass(6);
      expect(actions()).to.deep.equal(['runonce']);
      script.tell('a', true, 2);
      await turn();
      expect(actions()).to.deep.equal(['runonce', 'follow']);
    });

    it('calls nobody after it has ended', async () => {
      await start({ grace: 20, onAway });
      script.tell('a', false);
      await answered({ data: { outcome: 'changed' } });
      await pass(30);
      expect(away).to.equal(0);
    });
  });

  describe('at the signal', () => {
    let stop: AbortController;
    beforeEach(() => {
      stop = new AbortController();
    });

    it('throws its reason, and leaves the run alone', async () => {
      await start({ signal: stop.signal });
      stop.abort(new Error('enough'));
      expect(await running.catch(String)).to.equal('Error: enough');
      expect(script.questions[0]?.options.signal?.aborted).to.equal(true);
      expect(actions()).to.deep.equal(['runonce']);
      expect(script.listeners.size).to.equal(0);
    });

    it('waits for a node that is away no longer', async () => {
      await start({ signal: stop.signal });
      script.tell('a', false);
      script.last.answer({ state: 'offline' });
      await turn();
      stop.abort(new Error('enough'));
      expect(await running.catch(String)).to.equal('Error: enough');
      expect(actions()).to.deep.equal(['runonce']);
    });

    it('waits for no other answer', async () => {
      script.reply = (question) =>
        question.answer(question.action === 'runonce' ? { state: 'unknown' } : { state: 'failed' });
      await start({ signal: stop.signal });
      expect(actions()).to.deep.equal(['runonce', 'follow']);
      stop.abort(new Error('enough'));
      expect(await running.catch(String)).to.equal('Error: enough');
      expect(actions()).to.deep.equal(['runonce', 'follow']);
    });
  });
});
