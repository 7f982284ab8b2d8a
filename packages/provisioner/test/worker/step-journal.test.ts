import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { Events } from '../../src/events/events.js';
import { type ProvisionEvent, parseProvisionerConfig, StepFailure } from '../../src/index.js';
import type { FailureKind } from '../../src/rpc/failure.js';
import type { ProvisioningSession, Step, StepEnd } from '../../src/steps/step.js';
import { StepJournal } from '../../src/worker/step-journal.js';
import { recorded, recordWith } from '../fixtures/node-record.js';
import { failureOf } from '../fixtures/rejection.js';
import { ends, isPending, StubNetwork } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const record = 'provision record';
const master = { identity: 'puppet1', address: '192.0.2.1', reason: 'the only\nmaster' };
const onRecord = { identity: 'puppet1', address: '192.0.2.1', reason: 'the only master' };

const step = (name: string, recording?: Step['recording']): Step => {
  const run = async (): Promise<StepEnd> => ({ outcome: 'ok' });
  return { name, timeoutSeconds: 1, run, ...(recording ? { recording } : {}) };
};
const csr = step('send_node_csr');
const done = step('done', 'after');
const ok: StepEnd = { outcome: 'ok' };

describe('the journal of a provisioning', () => {
  let network: StubNetwork;
  let session: ProvisioningSession;
  let events: ProvisionEvent[];
  let stop: AbortController;
  beforeEach(() => {
    network = new StubNetwork();
    events = [];
    stop = new AbortController();
    const node = nodeOf(network);
    session = { identity: 'web1', isQuarantined: false, node, lease: undefined, details: {} };
  });

  /** Failures that the provisioner remembers, and those that it was given to remember. */
  let remembered = 0;
  const noted: string[] = [];

  function journal(
    status: Record<string, unknown> = {},
    { isOtherMaster = false, steps = '' }: { isOtherMaster?: boolean; steps?: string } = {},
  ): StepJournal {
    const listeners = new Events(silentLogger);
    listeners.on((event) => events.push(event));
    const switches = parseProvisionerConfig(steps).steps;
    const memory = {
      failuresOf: () => remembered,
      failed: (_: string, name: string, count: number) => void noted.push(`${name} ${count}`),
    };
    const known = { record: recordWith(status), steps: switches, isOtherMaster, memory };
    return new StepJournal({ session, events: listeners, master, ...known });
  }

  const after = (seconds: number, next?: Step) => ({ seconds, next, signal: stop.signal });
  const notes = () => network.of(record).map(({ input }) => input);
  const short = () => notes().map(({ step: name, outcome }) => `${name} ${outcome}`);
  const last = () => notes().at(-1) ?? {};
  const refuse = (outcome: Parameters<typeof ends>[0] = 'failed') => {
    network.answers[record] = ends(outcome, 'out of luck');
    network.answers['provision status'] = ends(outcome, 'out of luck');
  };

  describe('when a step begins', () => {
    for (const [what, of, expected] of [
      ['notes that it has started', csr, ['send_node_csr started']],
      ['notes one with which the node goes away as done', step('restart', 'first'), ['restart ok']],
      ['notes nothing of one that is noted only when it has ended', done, []],
      ['notes nothing before the lease is held', step('lock', 'after'), []],
    ] as const) {
      it(what, async () => {
        await journal().begin(of, stop.signal);
        expect(short()).to.deep.equal(expected);
        expect(events[0]).to.include({ type: 'step-started', step: of.name, attempt: 1 });
      });
    }

    it('says why a step is done before it has ended', async () => {
      await journal().begin(step('restart', 'first'), stop.signal);
      expect(last()).to.include({ reason: 'recorded before it starts, because the node disconnects' });
    });

    it('counts its attempts on from those on record', async () => {
      const kept = journal({ steps: [recorded('send_node_csr', 'failed', { attempts: 4 })] });
      await kept.begin(csr, stop.signal);
      await kept.begin(csr, stop.signal);
      expect(notes().map(({ attempt }) => attempt)).to.deep.equal([5, 6]);
      expect(events.map((event) => 'attempt' in event && event.attempt)).to.deep.equal([5, 6]);
    });

    for (const of of [csr, step('restart', 'first')]) {
      it(`fails if ${of.name} cannot be put on record`, async () => {
        refuse();
        expect((await failureOf(journal().begin(of, stop.signal))).message).to.match(/out of luck/);
      });
    }

    it('notes the chosen master with the first line, and only once', async () => {
      const kept = journal();
      await kept.begin(csr, stop.signal);
      await kept.begin(csr, stop.signal);
      expect(notes().map(({ data }) => data)).to.deep.equal([{ master: onRecord }, undefined]);
    });

    it('notes the chosen master with the next line if the first one was lost', async () => {
      const kept = journal();
      refuse();
      await failureOf(kept.begin(csr, stop.signal));
      network.answers[record] = () => ({});
      await kept.begin(csr, stop.signal);
      expect(last().data).to.deep.equal({ master: onRecord });
    });
  });

  describe('when a step ends well', () => {
    it('notes its outcome with reason, data, run and master', async () => {
      await journal().end(
        csr,
        { outcome: 'ok', reason: ' all\n well ', data: { a: 1 }, run: 'r1' },
        after(2),
      );
      expect(notes()).to.deep.equal([
        {
          step: 'send_node_csr',
          outcome: 'ok',
          reason: 'all well',
          data: { a: 1, master: onRecord },
          run: 'r1',
        },
      ]);
    });

    it('notes the beginning of the next one with it, and does not note that again', async () => {
      const kept = journal({ steps: [recorded('sign_node_csr', 'failed', { attempts: 2 })] });
      const next = step('sign_node_csr');
      await kept.end(csr, ok, after(2, next));
      expect(last()).to.include({ next: 'sign_node_csr', next_attempt: 3 });
      await kept.begin(next, stop.signal);
      expect(notes()).to.have.length(1);
      expect(events.at(-1)).to.include({ type: 'step-started', attempt: 3 });
      await kept.begin(next, stop.signal);
      expect(last()).to.include({ outcome: 'started', attempt: 4 });
    });

    it('notes the beginning of another one all the same', async () => {
      const kept = journal();
      await kept.end(csr, ok, after(2, step('sign_node_csr')));
      expect(last()).to.include({ next_attempt: 1 });
      await kept.begin(step('puppet_final_run'), stop.signal);
      expect(short()).to.deep.equal(['send_node_csr ok', 'puppet_final_run started']);
    });

    for (const recording of ['first', 'after'] as const) {
      it(`does not note the beginning of one that is noted ${recording}`, async () => {
        await journal().end(csr, ok, after(2, step('restart', recording)));
        expect(last()).to.not.have.property('next');
      });
    }

    it('notes nothing of one that was noted as done when it began', async () => {
      const kept = journal();
      await kept.end(step('restart', 'first'), ok, after(2));
      expect(notes()).to.deep.equal([]);
      expect(kept.isOver('restart')).to.equal(true);
    });

    it('waits little for a node that may have gone, whatever becomes of the step', async () => {
      stop.abort(new StepFailure('stopped', 'the end'));
      await journal().end(done, ok, after(2));
      expect(network.asked[0]?.options).to.include({ answerWithin: 5 });
    });

    it('notes others only as long as the step lasts', async () => {
      await journal().end(csr, ok, after(2));
      expect(network.asked[0]?.options).to.not.have.property('answerWithin');
      expect(network.asked[0]?.options.signal).to.equal(stop.signal);
    });

    const gone = { state: 'failed', statuscode: 2 } as const;
    for (const [what, of, answer, isFailure] of [
      ['fails if a node does not note a step', csr, { state: 'failed' }, true],
      ['fails if a node that should be there has no provision agent', csr, gone, true],
      ['fails if a node that was handed over does not note a step', done, { state: 'failed' }, true],
      ['goes on if a node that was handed over has no provision agent any more', done, gone, false],
    ] as const) {
      it(what, async () => {
        network.answers[record] = () => ({ statusmsg: 'no', ...answer });
        const kept = journal();
        const ending = kept.end(of, ok, after(2));
        if (isFailure) expect((await failureOf(ending)).message).to.equal('record on web1: no');
        else await ending;
        expect(kept.isOver(of.name)).to.equal(!isFailure);
        expect(events).to.have.length(isFailure ? 0 : 1);
        expect(kept.tally.steps()).to.have.length(isFailure ? 0 : 1);
      });
    }

    for (const [what, steps, isFailure] of [
      ['fails if one that is silent was to be back', '', true],
      [
        'goes on if nobody looks whether one that is silent is back',
        '{ restart: true, verify: false }',
        false,
      ],
      ['fails if one that is silent was never sent away', '{ restart: false, verify: false }', true],
    ] as const) {
      it(what, async () => {
        refuse('no-reply');
        const yaml = steps === '' ? '' : `steps: ${steps}`;
        const ending = journal({}, { steps: yaml }).end(done, ok, after(2));
        if (isFailure) expect((await failureOf(ending)).kind).to.equal('unreachable');
        else await ending;
      });
    }

    it('tells of it with its seconds and the request that did it', async () => {
      const kept = journal();
      session.node.lastRequest = 'of the node';
      await kept.end(csr, { outcome: 'skipped', reason: 'not\nneeded' }, after(2));
      session.caRequest = 'of the CA';
      await kept.end(csr, ok, after(3));
      session.caRequest = undefined;
      session.node.lastRequest = undefined;
      await kept.end(csr, ok, after(4));
      const about = { identity: 'web1', type: 'step-ended', step: 'send_node_csr' };
      expect(events.map(({ time: _, ...event }) => event)).to.deep.equal([
        { ...about, outcome: 'skipped', reason: 'not needed', seconds: 2, request: 'of the node' },
        { ...about, outcome: 'ok', seconds: 3, request: 'of the CA' },
        { ...about, outcome: 'ok', seconds: 4 },
      ]);
      expect(kept.tally.steps()).to.deep.equal([{ step: 'send_node_csr', outcome: 'ok', seconds: 4 }]);
    });
  });

  describe('when a step fails', () => {
    for (const [kind, outcome, isNoted, failures] of [
      ['failed', 'failed', true, 1],
      ['permanent', 'failed', true, 1],
      ['unreachable', 'unreachable', true, 0],
      ['interrupted', 'interrupted', true, 0],
      ['gone', 'gone', true, 0],
      ['lost', 'lost', false, 0],
      ['stopped', 'stopped', false, 0],
    ] as const satisfies readonly (readonly [FailureKind, string, boolean, number])[]) {
      it(`tells and ${isNoted ? 'notes' : 'does not note'} one that is ${kind} as ${outcome}`, async () => {
        const kept = journal();
        await kept.fail('send_node_csr', new StepFailure(kind, 'out\nof luck'), 2);
        const about = { step: 'send_node_csr', outcome, reason: 'out of luck' };
        expect(events[0]).to.include({ type: 'step-ended', seconds: 2, ...about });
        expect(kept.tally.steps()).to.deep.equal([{ ...about, seconds: 2 }]);
        expect(notes()).to.deep.equal(isNoted ? [{ ...about, data: { master: onRecord } }] : []);
        expect(kept.failures('send_node_csr')).to.equal(failures);
      });
    }

    it('notes the Puppet run that failed, and waits little for the node', async () => {
      stop.abort(new StepFailure('stopped', 'the end'));
      await journal().fail('puppet_final_run', new StepFailure('failed', 'no', { run: 'r1' }), 2);
      expect(last()).to.include({ run: 'r1' });
      expect(network.asked[0]?.options).to.include({ answerWithin: 5 });
    });

    it('ends when that is on record, or cannot be', async () => {
      network.answers[record] = () => new Promise(() => {});
      expect(await isPending(journal().fail('send_node_csr', new StepFailure('failed', 'no'), 2))).to.equal(
        true,
      );
      expect(await isPending(journal().noteNotification('ok', 'all'))).to.equal(true);
    });

    it('does not mind if that cannot be put on record', async () => {
      refuse();
      await journal().fail('send_node_csr', new StepFailure('failed', 'no'), 2);
      expect(events).to.have.length(1);
    });

    it('counts its failures on from those on record, until it ends well', async () => {
      const line = { step: 'send_node_csr', outcome: 'failed' };
      const kept = journal({ history: [line, line] });
      expect(kept.failures('send_node_csr')).to.equal(2);
      await kept.fail('send_node_csr', new StepFailure('failed', 'no'), 2);
      await kept.fail('send_node_csr', new StepFailure('failed', 'no'), 2);
      expect(kept.failures('send_node_csr')).to.equal(4);
      await kept.end(csr, ok, after(2));
      await kept.fail('send_node_csr', new StepFailure('failed', 'no'), 2);
      expect(kept.failures('send_node_csr')).to.equal(3);
    });
  });

  describe('adds up the seconds of Puppet', () => {
    const puppetSeconds = (kept: StepJournal) => {
      const { seconds, secondsOutsidePuppet } = kept.tally.times();
      // Steps on record are the only thing that gives a report whole seconds.
      return Math.round(seconds - secondsOutsidePuppet);
    };
    const before = { steps: [recorded('lock', 'ok', { seconds: 1000 })] };

    for (const [what, run, expected] of [
      ['as the node says', { runSeconds: 40 }, 40],
      ['as long as the step took if the node does not say', {}, 50],
    ] as const) {
      it(`of a run that went well, ${what}`, async () => {
        const kept = journal(before);
        kept.keep('lock');
        await kept.end(step('puppet_final_run'), { ...ok, ...run }, after(50));
        await kept.end(csr, { ...ok, runSeconds: 7 }, after(7));
        expect(puppetSeconds(kept)).to.equal(expected);
      });
    }

    for (const [what, run, expected] of [
      ['as the node says', { run: 'r1', runSeconds: 40 }, 40],
      ['as long as the step took if the node names the run only', { run: 'r1' }, 50],
      ['none if there was no run', {}, 0],
    ] as const) {
      it(`of a run that failed, ${what}`, async () => {
        const kept = journal(before);
        kept.keep('lock');
        await kept.fail('puppet_final_run', new StepFailure('failed', 'no', run), 50);
        await kept.fail('send_node_csr', new StepFailure('failed', 'no', { run: 'r2', runSeconds: 7 }), 7);
        expect(puppetSeconds(kept)).to.equal(expected);
      });
    }

    it('of runs on record', () => {
      const kept = journal({ steps: [recorded('puppet_bootstrap_stage', 'ok', { seconds: 30 })] });
      kept.keep('puppet_bootstrap_stage');
      expect(puppetSeconds(kept)).to.equal(30);
    });
  });

  describe('takes over from the record', () => {
    it('steps that are over, with their reasons', () => {
      const kept = journal({
        steps: [
          recorded('set_puppet_hostname', 'skipped', { reason: 'why not' }),
          recorded('clean_node_certname', 'ok', { seconds: null }),
          recorded('send_node_csr', 'failed'),
        ],
      });
      for (const name of ['set_puppet_hostname', 'clean_node_certname', 'unknown']) kept.keep(name);
      expect(kept.tally.steps()).to.deep.equal([
        { step: 'set_puppet_hostname', outcome: 'skipped', seconds: 2, reason: 'why not' },
        { step: 'clean_node_certname', outcome: 'ok', seconds: 0 },
      ]);
      expect(
        ['set_puppet_hostname', 'clean_node_certname', 'send_node_csr'].map((name) => kept.isOver(name)),
      ).to.deep.equal([true, true, false]);
    });

    it('nothing that was done with another master: that is voided before anything else is noted', async () => {
      const steps = [recorded('lock'), recorded('send_node_csr'), recorded('sign_node_csr', 'skipped')];
      const kept = journal(
        { steps: [...steps, recorded('puppet_final_run', 'failed')] },
        { isOtherMaster: true },
      );
      expect(steps.map(({ step: name }) => kept.isOver(name))).to.deep.equal([false, false, false]);
      await kept.begin(step('lock', 'after'), stop.signal);
      await kept.end(step('lock', 'after'), ok, after(2, csr));
      expect(last()).to.not.have.property('next');
      await kept.begin(csr, stop.signal);
      await kept.begin(csr, stop.signal);
      expect(short()).to.deep.equal([
        'lock ok',
        'send_node_csr void',
        'sign_node_csr void',
        'send_node_csr started',
        'send_node_csr started',
      ]);
      expect(notes()[1]).to.include({ reason: 'was done with another master' });
      // The old master stays on record until nothing that was done with it counts any more.
      expect(notes().map(({ data }) => data !== undefined)).to.deep.equal([false, false, false, true, false]);
    });
  });

  describe('of a node of which one step was done with another master', () => {
    const kept = () => journal({ steps: [recorded('send_node_csr')] }, { isOtherMaster: true });

    it('notes neither the new master nor the beginning of a step until that one is voided', async () => {
      await kept().end(step('lock', 'after'), ok, after(2, csr));
      expect(last()).to.have.all.keys('step', 'outcome');
    });

    it('begins nothing if that one cannot be voided', async () => {
      const of = kept();
      network.answers[record] = ({ input }) => ({ state: input.outcome === 'void' ? 'no-reply' : 'ok' });
      expect((await failureOf(of.begin(csr, stop.signal))).kind).to.equal('unreachable');
      expect(short()).to.deep.equal(['send_node_csr void']);
    });
  });

  it('voids steps that must be done again, and only those that were over', async () => {
    const kept = journal({ steps: [recorded('send_node_csr'), recorded('sign_node_csr', 'failed')] });
    await kept.annul(['send_node_csr', 'sign_node_csr'], 'another\nCSR', stop.signal);
    expect(notes()).to.deep.equal([
      {
        step: 'send_node_csr',
        outcome: 'void',
        reason: 'another CSR',
        attempt: 1,
        data: { master: onRecord },
      },
    ]);
    expect(kept.isOver('send_node_csr')).to.equal(false);
    await kept.annul(['send_node_csr'], 'again', stop.signal);
    expect(notes()).to.have.length(1);
  });

  it('fails to void a step if that cannot be put on record', async () => {
    refuse();
    const kept = journal({ steps: [recorded('send_node_csr')] });
    expect((await failureOf(kept.annul(['send_node_csr'], 'another CSR', stop.signal))).message).to.match(
      /out of luck/,
    );
  });

  for (const answer of ['ok', 'failed'] as const) {
    it(`notes what became of the notification, which the node answers with ${answer}`, async () => {
      if (answer !== 'ok') refuse(answer);
      await journal().noteNotification('failed', 'no\nnotifier');
      expect(last()).to.include({ step: 'notify', outcome: 'failed', reason: 'no notifier' });
      expect(network.asked[0]?.options).to.include({ answerWithin: 5 });
    });
  }

  it('counts failures that the node could not record', async () => {
    noted.splice(0);
    remembered = 2;
    const made = journal();
    expect(made.failures('lock')).to.equal(2);
    await made.fail('lock', new StepFailure('failed', 'ENOSPC'), 1);
    expect(noted).to.deep.equal(['lock 3']);
    expect(made.failures('lock')).to.equal(3);
    remembered = 0;
  });
});
