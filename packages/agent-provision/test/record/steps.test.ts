import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { checkFree, quarantine, release } from '../../src/record/quarantine.js';
import { emptyState, historyLimit, type ProvisionState } from '../../src/record/state.js';
import { noteStep } from '../../src/record/steps.js';

const start = Date.parse('2026-03-01T12:00:00.000Z');

describe('noteStep', () => {
  let state: ProvisionState;
  let now: number;
  const note = (step: string, outcome: string, more: object = {}) =>
    noteStep(state, { step, outcome, owner: 'a', ...more }, now);
  beforeEach(() => {
    state = emptyState(0);
    now = start;
  });

  it('counts attempts and measures each', () => {
    expect(note('lock', 'started')).to.equal(1);
    now += 1500;
    expect(note('lock', 'failed', { reason: 'no answer' })).to.equal(1);
    expect(note('lock', 'started')).to.equal(2);
    now += 500;
    expect(note('lock', 'ok')).to.equal(2);
    expect(state.step).to.equal('lock');
    expect(state.steps).to.deep.equal([
      {
        step: 'lock',
        attempts: 2,
        outcome: 'ok',
        reason: null,
        since: '2026-03-01T12:00:02.000Z',
        seconds: 0.5,
        owner: 'a',
        data: null,
      },
    ]);
    expect(state.history.map(({ outcome, attempt, seconds }) => [outcome, attempt, seconds])).to.deep.equal([
      ['started', 1, null],
      ['failed', 1, 1.5],
      ['started', 2, null],
      ['ok', 2, 0.5],
    ]);
  });

  it('counts an end without a beginning as an attempt', () => {
    expect(note('notify', 'failed')).to.equal(1);
    expect(note('notify', 'ok')).to.equal(2);
  });

  it('takes the number of the attempt from who knows it', () => {
    expect(note('lock', 'started', { attempt: 7 })).to.equal(7);
    expect(note('lock', 'failed')).to.equal(7);
    expect(note('lock', 'started')).to.equal(8);
  });

  it('counts from 1', () => {
    expect(() => note('lock', 'started', { attempt: 0 })).to.throw(
      'invalid attempt 0: attempts are counted from 1',
    );
  });

  it('does not count a failed step as reached', () => {
    note('lock', 'ok');
    note('send_node_csr', 'failed');
    expect(state.step).to.equal('lock');
    note('send_node_csr', 'skipped');
    expect(state.step).to.equal('send_node_csr');
  });

  it('records a step whose owner died as abandoned', () => {
    note('lock', 'started');
    now += 60_000;
    noteStep(state, { step: 'lock', outcome: 'started', owner: 'b' }, now);
    expect(state.history[1]).to.deep.equal({
      time: '2026-03-01T12:01:00.000Z',
      step: 'lock',
      attempt: 1,
      outcome: 'abandoned',
      reason: 'a started it and did not report how it ended',
      seconds: 60,
      owner: 'b',
    });
    expect(state.steps[0]).to.include({ outcome: 'started', attempts: 2, owner: 'b' });
  });

  it('keeps the data of a step until new data is recorded', () => {
    note('sign_node_csr', 'started', { data: { fingerprint: 'AA' } });
    note('sign_node_csr', 'ok');
    expect(state.steps[0]?.data).to.deep.equal({ fingerprint: 'AA' });
  });

  it('is done when the step done is ok', () => {
    note('done', 'failed');
    expect(state.done).to.equal(null);
    note('done', 'ok');
    expect(state.done).to.deep.equal({ since: '2026-03-01T12:00:00.000Z' });
  });

  it('drops the oldest of a long history', () => {
    for (let number = 0; number <= historyLimit; number += 1) note('lock', 'failed', { reason: `${number}` });
    expect(state.history).to.have.length(historyLimit);
    expect(state.history[0]?.reason).to.equal('1');
  });

  it('refuses what would let the record grow without end', () => {
    expect(() => note('lock', 'ok', { data: { long: 'x'.repeat(9000) } })).to.throw('longer than 4096');
    for (let number = 0; number < 50; number += 1) note(`s${number}`, 'ok');
    expect(() => note('another', 'ok')).to.throw('cannot add step another: the record already has');
    note('s49', 'failed', { reason: 'x'.repeat(5000) });
    expect(state.steps.at(-1)?.reason).to.have.length(2000);
    expect(state.history.at(-1)?.reason).to.have.length(500);
  });

  it('takes no step for one that every object has', () => {
    expect(note('constructor', 'started')).to.equal(1);
    expect(state.steps[0]).to.include({ step: 'constructor', attempts: 1 });
  });

  describe('the outcome of a Puppet run', () => {
    const verdict = { ok: true, outcome: 'changed', reason: '', exitcode: 2, seconds: 1, finished: 'now' };
    beforeEach(() => {
      state.run = {
        id: 'bootstrap-1',
        stage: 'bootstrap',
        environment: 'bootstrap',
        since: 'now',
        token: 1,
        step: 'puppet_bootstrap_stage',
        verdict,
        noted: false,
      };
    });

    for (const [what, step, outcome, more, noted] of [
      ['the step in which it began', 'puppet_bootstrap_stage', 'ok', {}, true],
      ['its id', 'another', 'failed', { run: 'bootstrap-1' }, true],
      ['another step', 'lock', 'ok', {}, false],
      ['the id of another run', 'puppet_bootstrap_stage', 'ok', { run: 'x' }, false],
      ['a beginning', 'puppet_bootstrap_stage', 'started', {}, false],
      ['a node that could not be reached', 'puppet_bootstrap_stage', 'unreachable', {}, false],
      ['a call that was cut off', 'puppet_bootstrap_stage', 'interrupted', {}, false],
      ['an agent that was away', 'puppet_bootstrap_stage', 'gone', {}, false],
      ['a step that is void', 'puppet_bootstrap_stage', 'void', {}, true],
    ] as const) {
      it(`is ${noted ? '' : 'not '}noted with ${what}`, () => {
        note(step, outcome, more);
        expect(state.run?.noted).to.equal(noted);
      });
    }

    it('is not noted before it is known', () => {
      if (state.run) state.run.verdict = null;
      note('puppet_bootstrap_stage', 'failed');
      expect(state.run?.noted).to.equal(false);
    });
  });
});

describe('quarantine', () => {
  it('ends the step under way and keeps the node aside until it is released', () => {
    const state = emptyState(0);
    noteStep(state, { step: 'lock', outcome: 'started', owner: 'a' }, start);
    quarantine(state, 'the CA holds another request', 'a', start + 1000);
    expect(state.steps[0]).to.include({
      outcome: 'failed',
      reason: 'the CA holds another request',
      seconds: 1,
    });
    expect(() => checkFree(state)).to.throw(
      'this node is in quarantine since 2026-03-01T12:00:01.000Z: the CA holds another request',
    );
    expect(release(state, 'rip.mcollective', false, start + 2000)).to.equal(true);
    checkFree(state);
    expect(state.steps[0]).to.include({ attempts: 0 });
    expect(state.history.map(({ outcome, owner }) => [outcome, owner])).to.deep.equal([
      ['started', 'a'],
      ['quarantined', 'a'],
      ['released', 'rip.mcollective'],
    ]);
  });

  it('may forget what was reached, never the history', () => {
    const state = emptyState(0);
    const csr = {
      certname: 'n1',
      fingerprint: 'AA',
      ca_fingerprint: 'bb',
      state: 'accepted',
      since: 'now',
    } as const;
    state.csr = csr;
    release(state, 'rip.mcollective', false, start);
    expect(state.csr).to.equal(csr);
    noteStep(state, { step: 'done', outcome: 'ok', owner: 'a' }, start);
    expect(release(state, 'rip.mcollective', true, start)).to.equal(false);
    expect(state).to.include({ step: null, done: null, csr: null });
    expect(state.steps).to.deep.equal([]);
    expect(state.history).to.have.length(3);
  });
});
