import { mock } from 'node:test';
import type { Pause } from '@troupe/core/internal';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StepFailure } from '../../src/index.js';
import { MasterSlots } from '../../src/master/master-slots.js';
import { KeyPin } from '../../src/rpc/key-pin.js';
import type { Job } from '../../src/worker/roster.js';
import { WorkerPool } from '../../src/worker/worker-pool.js';
import { logLines } from '../fixtures/log-lines.js';
import { recorded, statusWith } from '../fixtures/node-record.js';
import { dependenciesOf, infoOf } from '../fixtures/step-context.js';
import { ends, isPending, StubNetwork, says, settled } from '../fixtures/stub-network.js';

const status = 'provision status';

/** Places that nobody gets until the test says so. */
class ClosedSlots extends MasterSlots {
  readonly asked: string[] = [];
  #open: () => void = () => {};

  constructor() {
    super({ perMaster: 1, workers: 1 });
  }

  override async run<T>(master: string, task: () => Promise<T>): Promise<T> {
    this.asked.push(master);
    await new Promise<void>((resolve) => {
      this.#open = resolve;
    });
    return task();
  }

  async open(): Promise<void> {
    this.#open();
    await settled();
  }
}

describe('the workshop', () => {
  let network: StubNetwork;
  let stop: AbortController;
  let pause: Pause | undefined;
  let lines: Record<string, unknown>[];
  let slots: ClosedSlots;
  let job: Job;
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
    network = new StubNetwork();
    network.nodes = ['puppet1'];
    network.answers['puppetca info'] = ({ target }) => ({ data: infoOf(target) });
    network.answers['provision lock_deploy'] = says({ token: 7 });
    network.answers[status] = says(statusWith());
    stop = new AbortController();
    pause = undefined;
    slots = new ClosedSlots();
    const about = {
      collective: 'provisioning',
      pin: new KeyPin(false),
      tries: 0,
      state: 'planning',
    } as const;
    job = { identity: 'web1', ...about };
  });
  afterEach(() => {
    stop.abort(new StepFailure('stopped', 'the end'));
    mock.timers.reset();
  });

  const workers = (yaml = '', given: MasterSlots = slots) => {
    const { log, lines: logged } = logLines();
    lines = logged;
    const dependencies = dependenciesOf(network, `steps: { set_puppet_hostname: true }\n${yaml}`, {
      log,
      paused: () => pause,
    });
    return new WorkerPool(dependencies, given, stop.signal);
  };
  const free = () => new MasterSlots({ perMaster: 1, workers: 1 });
  const looks = () => network.of(status).length;

  it('plans, waits for a place on the master, and takes the node through its steps', async () => {
    const ending = workers().carryOut(job);
    await settled();
    expect(job).to.include({ master: 'puppet1', state: 'queued' });
    expect(slots.asked).to.deep.equal(['puppet1']);
    await slots.open();
    expect(await ending).to.include({ kind: 'done' });
    expect(job.state).to.equal('working');
    expect(looks()).to.equal(1);
  });

  it('waits for nothing if nothing is to be done', async () => {
    network.answers[status] = says(statusWith({ done: true, finished: { since: '2030' } }));
    const refusal = 'already provisioned at 2030: "mcprovision retry" starts again at the first step';
    expect(await workers().carryOut(job)).to.deep.equal({ refusal, state: 'done' });
    expect([slots.asked, job.master]).to.deep.equal([[], undefined]);
  });

  it('asks nobody before there is a broker', async () => {
    let connect = () => {};
    network.client.whenConnected = (signal) => {
      expect(signal).to.equal(stop.signal);
      return new Promise((resolve) => {
        connect = resolve;
      });
    };
    const ending = workers('', free()).carryOut(job);
    expect(await isPending(ending)).to.equal(true);
    expect(network.asked).to.deep.equal([]);
    connect();
    expect(await ending).to.include({ kind: 'done' });
  });

  it('plans for as many nodes at a time as it has workers', async () => {
    const answer: (() => void)[] = [];
    network.answers[status] = () =>
      new Promise((resolve) => answer.push(() => resolve({ data: statusWith({ done: true }) })));
    const busy = workers('workers: 2');
    const endings = ['a', 'b', 'c'].map((identity) => busy.carryOut({ ...job, identity }));
    await settled();
    expect(answer).to.have.length(2);
    answer[0]?.();
    await settled();
    expect(answer).to.have.length(3);
    for (const each of answer) each();
    await Promise.all(endings);
  });

  describe('when a place is free', () => {
    for (const [seconds, count] of [
      [9.999, 1],
      [10, 2],
    ] as const) {
      it(`has looked at the node ${count === 1 ? 'once' : 'again'} after ${seconds} s`, async () => {
        const ending = workers().carryOut(job);
        await settled();
        mock.timers.tick(seconds * 1000);
        await slots.open();
        expect(await ending).to.include({ kind: 'done' });
        expect(looks()).to.equal(count);
      });
    }

    it('begins no node if there is a pause meanwhile', async () => {
      const ending = workers().carryOut(job);
      await settled();
      pause = { by: 'ops', since: '', reason: '' };
      await slots.open();
      expect(await ending).to.deep.equal({ refusal: 'provisioning is paused by ops', state: 'waiting' });
      expect(looks()).to.equal(2);
    });

    it('leaves a node alone that somebody else has finished meanwhile', async () => {
      const ending = workers().carryOut(job);
      await settled();
      network.answers[status] = says(statusWith({ done: true, disabled: true, finished: { since: '2030' } }));
      mock.timers.tick(10_000);
      await slots.open();
      expect(await ending).to.deep.equal({ refusal: 'already provisioned at 2030', state: 'done' });
      expect(network.of('provision set_puppet_host')).to.deep.equal([]);
    });

    it('waits for a place on another master if the plan is another one now', async () => {
      const ending = workers().carryOut(job);
      await settled();
      network.nodes = ['puppet2'];
      mock.timers.tick(10_000);
      await slots.open();
      expect(slots.asked).to.deep.equal(['puppet1', 'puppet2']);
      expect(job).to.include({ master: 'puppet2', state: 'queued' });
      await slots.open();
      expect(await ending).to.include({ kind: 'done' });
      expect(network.of('provision set_puppet_host')[0]?.input).to.include({ master: 'puppet2' });
    });

    for (const [isOnline, kind] of [
      [false, 'unreachable'],
      [true, 'done'],
      [undefined, 'done'],
    ] as const) {
      it(`ends as ${kind} if presence says of the node: ${isOnline}`, async () => {
        if (isOnline !== undefined) network.online.set('web1', isOnline);
        const ending = await workers('', free()).carryOut(job);
        expect(ending).to.include({ kind });
        if (kind === 'unreachable')
          expect(ending).to.include({
            reason: 'web1 went offline while it waited for its master to have a free slot',
          });
        expect(network.of('provision set_puppet_host')).to.have.length(kind === 'done' ? 1 : 0);
      });
    }
  });

  describe('that cannot plan', () => {
    const thrown = (error: Error) => {
      network.answers[status] = () => Promise.reject(error);
      return workers().carryOut(job);
    };

    for (const [kind, expected] of [
      ['stopped', { kind: 'stopped' }],
      ['lost', { kind: 'lost', reason: 'no' }],
      ['gone', { refusal: 'no', state: 'unwanted' }],
      ['failed', { kind: 'unreachable', reason: 'no' }],
      ['unreachable', { kind: 'unreachable', reason: 'no' }],
      ['interrupted', { kind: 'unreachable', reason: 'no' }],
    ] as const) {
      it(`ends as ${Object.values(expected)[0]} after a failure that is ${kind}`, async () => {
        expect(await thrown(new StepFailure(kind, 'no'))).to.deep.equal(expected);
        expect(network.of('provision quarantine')).to.deep.equal([]);
      });
    }

    it('waits for the node after a defect, which is logged', async () => {
      expect(await thrown(new TypeError('a defect'))).to.deep.equal({
        kind: 'unreachable',
        reason: 'unexpected error: a defect',
      });
      expect(lines[0]).to.include({ level: 50, node: 'web1', msg: 'unexpected error' });
    });

    for (const [state, isRecorded] of [
      ['ok', true],
      ['no-reply', false],
    ] as const) {
      it(`puts a node in quarantine that failed for good; the node answers with ${state}`, async () => {
        network.answers['provision quarantine'] = ends(state);
        expect(await thrown(new StepFailure('permanent', 'another machine'))).to.deep.equal({
          kind: 'quarantined',
          reason: 'another machine',
          recorded: isRecorded,
          report: {
            identity: 'web1',
            failure: 'another machine',
            seconds: 0,
            secondsOutsidePuppet: 0,
            steps: [],
            outcome: 'quarantined',
          },
        });
        expect(network.of('provision quarantine')[0]?.input).to.deep.equal({ reason: 'another machine' });
      });
    }
  });

  it('goes on with a node on record', async () => {
    network.answers[status] = says(statusWith({ steps: [recorded('set_puppet_hostname')] }));
    expect(await workers('', free()).carryOut(job)).to.include({ kind: 'done' });
    expect(network.of('provision set_puppet_host')).to.deep.equal([]);
  });
});
