import { mock } from 'node:test';
import { emptyFilter } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { runEverywhere, runOnce, runSchedule } from '../../../src/application/commands/runs.js';
import { type Question, ScriptedClient, turn } from '../scripted-client.js';
import { FakeSession } from './session.js';

describe('mco puppet, over a whole fleet', () => {
  let script: ScriptedClient;
  let session: FakeSession;
  let stop: AbortController;
  /** How each node's run ends. */
  let outcomes: Map<string, string>;
  let isFound: boolean;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    mock.method(Math, 'random', () => 0);
    script = new ScriptedClient();
    stop = new AbortController();
    session = Object.assign(new FakeSession(), { client: script.client, signal: stop.signal });
    outcomes = new Map();
    isFound = true;
    script.reply = reply;
  });
  afterEach(async () => {
    stop.abort();
    await turn();
    mock.timers.reset();
    mock.restoreAll();
  });

  function reply({ action, options, answer, fail }: Question): void {
    const [only = ''] = options.targets ?? [];
    if (action === 'status') {
      if (isFound) answer(...[...outcomes.keys()].map((sender) => ({ sender })));
      else fail(new Error('no broker'));
      return;
    }
    const outcome = outcomes.get(only) ?? '';
    const data = { outcome, summary: `it is ${outcome}` };
    answer(outcome === 'changed' ? { data } : { state: 'failed', data });
  }
  const fleet = (members: Readonly<Record<string, string>>) => {
    for (const [identity, outcome] of Object.entries(members)) {
      outcomes.set(identity, outcome);
      script.tell(identity, true);
    }
  };
  async function ended(work: Promise<number>, seconds = 0): Promise<number | undefined> {
    let code: number | undefined;
    void work.then((result) => {
      code = result;
    });
    await turn();
    for (let second = 0; second < seconds; second += 1) {
      mock.timers.tick(1000);
      await turn();
    }
    return code;
  }
  const words = { concurrency: 2, retries: 0, input: { force: true } };

  it('runs all and says how that went', async () => {
    fleet({ a: 'changed', b: 'failed-resources', c: 'disabled', d: 'already-running' });
    expect(await ended(runEverywhere(session, words))).to.equal(2);
    expect(session.printed).to.have.members([
      'a: changed: it is changed (0.0 s)',
      'b: failed-resources: it is failed-resources (0.0 s)',
      'c: disabled: it is disabled (0.0 s)',
      'd: already-running: it is already-running (0.0 s)',
    ]);
    expect(session.notes[0]).to.equal('4 nodes, at most 2 at a time');
    expect(session.notes.slice(1, -1).sort()).to.deep.equal(
      ['a', 'b', 'c', 'd'].map((name) => `${name}: started`),
    );
    expect(session.notes.at(-1)).to.equal(
      '1 of 4 succeeded; 1 failed (b); 1 skipped (c); 1 could not start (d); at most 2 at a time, 0.0 s',
    );
    expect(script.questions[0]?.options).to.deep.include({ collective: 'eu', filter: emptyFilter });
  });

  for (const [count, names] of [
    [10, 'n10, n11, n12, n13, n14, n15, n16, n17, n18, n19'],
    [11, 'n10, n11, n12, n13, n14, n15, n16, n17, n18, n19, …'],
  ] as const)
    it(`names ten of ${count} that failed`, async () => {
      fleet(Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index + 10}`, 'failed'])));
      await ended(runEverywhere(session, { ...words, concurrency: 1 }));
      expect(session.notes.at(-1)).to.include(
        `0 of ${count} succeeded; ${count} failed (${names}); at most 1`,
      );
    });

  it('prints each run as a result where JSON is wanted', async () => {
    session.asJson();
    fleet({ a: 'changed' });
    expect(await ended(runEverywhere(session, words))).to.equal(0);
    const [{ results, statistics }] = session.documents();
    expect(results[0]).to.include({ sender: 'a', status: 'ran', outcome: 'changed', ok: true });
    expect(statistics).to.deep.include({ nodes: 1, ok: 1, failed: 0, by_state: { ok: ['a'] } });
    expect(session.notes[0]).to.equal('1 node, at most 2 at a time');
  });

  it('is interrupted with a code of its own, and throws what else goes wrong', async () => {
    isFound = false;
    expect(await runEverywhere(session, words).catch(String)).to.equal('Error: no broker');
    stop.abort();
    expect(await ended(runEverywhere(session, words))).to.equal(130);
  });

  describe('again and again', () => {
    it('ends with the worst of its rounds', async () => {
      fleet({ a: 'failed-resources' });
      const work = runEverywhere(session, { ...words, rerun: 10 });
      await ended(work, 5);
      outcomes.set('a', 'changed');
      await ended(work, 10);
      stop.abort();
      expect(await ended(work)).to.equal(2);
      expect(session.printed).to.have.length(2);
    });

    it('prints a line for each run and each round where JSON is wanted', async () => {
      session.asJson();
      fleet({ a: 'changed' });
      const work = runEverywhere(session, { ...words, rerun: 10 });
      await ended(work, 5);
      stop.abort();
      await ended(work);
      const lines = session.documents();
      expect(lines.map(({ kind }) => kind)).to.deep.equal(['result', 'round']);
      expect(lines[1]).to.deep.include({ nodes: 1, ok: 1, by_state: { ok: ['a'] } });
    });

    it('goes on after a round that failed as a whole, and says so', async () => {
      isFound = false;
      const work = runEverywhere(session, { ...words, rerun: 10 });
      await ended(work, 5);
      expect(session.notes).to.deep.equal(['no broker']);
      isFound = true;
      fleet({ a: 'changed' });
      await ended(work, 10);
      stop.abort();
      expect(await ended(work)).to.equal(1);
      expect(session.printed).to.have.length(1);
    });

    it('ends well if it was interrupted and nothing was wrong', async () => {
      fleet({ a: 'changed' });
      const work = runEverywhere(session, { ...words, rerun: 10 });
      await ended(work, 5);
      stop.abort();
      expect(await ended(work)).to.equal(0);
    });
  });

  describe('in turn', () => {
    const spread = { interval: 10, input: { force: true } };

    it('says what happens, and ends well', async () => {
      fleet({ a: 'changed' });
      const work = runSchedule(session, spread);
      await ended(work, 9);
      script.tell('b', true);
      outcomes.set('b', 'changed');
      await ended(work, 1);
      stop.abort();
      expect(await ended(work)).to.equal(0);
      expect(session.notes).to.include.members(['1 node: one run every 10.0 s', 'a: started']);
      expect(session.printed).to.deep.equal(['a: changed: it is changed (0.0 s)']);
    });

    it('ends after its time, with a code for a run that failed', async () => {
      fleet({ a: 'failed-resources', b: 'changed' });
      expect(await ended(runSchedule(session, { ...spread, duration: 11 }), 10)).to.equal(undefined);
      const again = runSchedule(session, { ...spread, duration: 11 });
      expect(await ended(again, 11)).to.equal(2);
    });

    it('reports what failed and continues', async () => {
      fleet({ a: 'changed' });
      const work = runSchedule(session, spread);
      await ended(work, 5);
      isFound = false;
      await ended(work, 6);
      expect(session.notes).to.include('discovery failed: no broker');
      stop.abort();
      expect(await ended(work)).to.equal(0);
    });

    it('prints all that happens as lines of JSON where that is wanted', async () => {
      session.asJson();
      fleet({ a: 'changed' });
      const work = runSchedule(session, spread);
      await ended(work, 10);
      stop.abort();
      await ended(work);
      expect(session.notes).to.deep.equal([]);
      expect(session.documents().map(({ kind }) => kind)).to.deep.equal([
        'fleet',
        'started',
        'result',
        'statistics',
      ]);
    });
  });
});

describe('mco puppet runonce', () => {
  it('shows what runs print, line by line, but not as JSON', async () => {
    for (const isJson of [false, true]) {
      const session = new FakeSession([{ data: { summary: 'well' } }]);
      if (isJson) session.asJson();
      await runOnce(session, { foreground: true });
      session.calls[0]?.options.onProgress?.({ sender: 'a', data: 'one\ntwo' });
      if (isJson)
        expect(session.documents()[0].results[0]).to.deep.include({ sender: 'a', data: { summary: 'well' } });
      else expect(session.printed).to.deep.equal(['a: well', 'a | one', 'a | two']);
      expect(session.printed).to.have.length(isJson ? 1 : 3);
    }
  });

  it('waits for no output in the background', async () => {
    const session = new FakeSession([{}]);
    await runOnce(session, {});
    expect(session.calls[0]?.options).to.not.have.property('onProgress');
    expect(session.printed).to.deep.equal(['a: ']);
  });
});
