import { once } from 'node:events';
import { mock } from 'node:test';
import type { Result } from '@troupe/client';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  type Member,
  type NodeRun,
  type RunAll,
  type RunAllOptions,
  type RunAllStats,
  rerunAll,
  runAll,
} from '../../src/application/index.js';
import { type Question, ScriptedClient, turn } from './scripted-client.js';

describe('a round over a fleet', () => {
  let script: ScriptedClient;
  let runs: NodeRun[];
  let stats: RunAllStats | string | undefined;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    script = new ScriptedClient();
    runs = [];
    stats = undefined;
  });
  afterEach(() => mock.timers.reset());

  function follow(round: RunAll): void {
    const iterate = async () => {
      for await (const run of round) runs.push(run);
    };
    iterate().catch(() => {});
    round.stats().then(
      (all) => {
        stats = all;
      },
      (error) => {
        stats = String(error);
      },
    );
  }
  /** Begins over the nodes that answer so. */
  async function begin(
    answers: readonly Partial<Result>[],
    options: Partial<RunAllOptions> = {},
  ): Promise<void> {
    for (const { sender = '', ok = true } of answers) if (ok) script.tell(sender, true);
    follow(runAll(script.client, { concurrency: 1, ...options }));
    await turn();
    script.last.answer(...answers);
    await turn();
  }
  async function pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 1) {
      mock.timers.tick(1000);
      await turn();
    }
  }
  const started = () => script.questions.filter(({ action }) => action === 'runonce');
  const asked = () => started().map(({ options }) => options.targets?.[0]);
  const ran = (question: Question | undefined, outcome = 'changed') =>
    question?.answer({ data: { outcome, summary: 'words' } });
  const over = () => {
    if (typeof stats !== 'object') throw new Error(`it goes on, or has failed: ${stats}`);
    return stats;
  };

  it('begins with the nodes that are not at work, by name', async () => {
    script.reply = (question) => question.action === 'runonce' && ran(question);
    await begin([
      { sender: 'b', data: { applying: true } },
      { sender: 'd' },
      { sender: 'a', data: { applying: true } },
      { sender: 'c' },
      { sender: 'e' },
    ]);
    expect(asked()).to.deep.equal(['c', 'd', 'e', 'a', 'b']);
  });

  it('asks each to begin at once, unless it was told otherwise', async () => {
    await begin([{ sender: 'a' }]);
    expect(script.last.input).to.deep.equal({ force: true, foreground: true, quiet: true });
    script.questions.splice(0);
    await begin([{ sender: 'a' }], { input: { noop: true }, collective: 'eu' });
    expect(script.last.input).to.deep.equal({ noop: true, foreground: true, quiet: true });
    expect(script.last.options).to.include({ collective: 'eu' });
  });

  it('names who is there before the first begins, and each that begins', async () => {
    const told: string[] = [];
    await begin([{ sender: 'a' }, { sender: 'b', data: { enabled: false } }, { sender: 'c' }], {
      onFleet: (members: readonly Member[]) => told.push(members.map(({ identity }) => identity).join()),
      onStart: (identity) => told.push(identity),
    });
    expect(told).to.deep.equal(['a,b,c', 'a']);
    ran(script.last);
    await turn();
    expect(told).to.deep.equal(['a,b,c', 'a', 'c']);
  });

  it('skips a node on which Puppet is disabled', async () => {
    await begin([{ sender: 'a', data: { enabled: false, disable_message: 'why' } }]);
    expect(runs).to.deep.equal([
      {
        sender: 'a',
        kind: 'skipped',
        ok: true,
        outcome: 'disabled',
        reason: "Puppet is disabled: 'why'",
        runId: '',
        began: 0,
        seconds: 0,
        mayRetry: false,
      },
    ]);
    expect(over()).to.deep.include({ nodes: 1, skipped: ['a'], ok: [], most: 0 });
  });

  for (const [state, kind] of [
    ['offline', 'silent'],
    ['no-reply', 'silent'],
    ['denied', 'not-begun'],
    ['failed', 'not-begun'],
  ] as const)
    it(`counts a node whose state is not known as ${kind} (${state})`, async () => {
      await begin([{ sender: 'a', ok: false, state, statusmsg: 'why', seconds: 2 }]);
      expect(runs[0]).to.deep.equal({
        sender: 'a',
        kind,
        ok: false,
        outcome: state,
        reason: 'why',
        runId: '',
        began: 0,
        seconds: 2,
        mayRetry: false,
      });
      expect(asked()).to.deep.equal([]);
    });

  it('does not ask a node that went away before its turn', async () => {
    await begin([{ sender: 'a' }, { sender: 'b' }]);
    script.tell('b', false);
    ran(script.last);
    await turn();
    expect(asked()).to.deep.equal(['a']);
    expect(runs[1]).to.include({
      kind: 'silent',
      outcome: 'offline',
      reason: 'the node went offline before its run started',
      seconds: 0,
    });
  });

  it('runs a node that comes meanwhile, once however often it comes', async () => {
    await begin([{ sender: 'a' }], { concurrency: 5 });
    script.reply = (question) => question.action === 'status' && question.answer({});
    script.tell('b', true);
    await turn();
    script.tell('b', false);
    script.tell('b', true);
    await turn();
    expect(asked()).to.deep.equal(['a', 'b']);
    for (const question of started()) ran(question);
    await turn();
    expect(over()).to.deep.include({ nodes: 2, ok: ['a', 'b'], most: 2 });
    // The round is over: nobody is listened to any more.
    expect(script.listeners.size).to.equal(0);
  });

  it('keeps to the limit of each Puppet server', async () => {
    await begin(
      ['a', 'b', 'c'].map((sender) => ({ sender, data: { server: sender === 'c' ? 'two' : 'one' } })),
      { concurrency: 3, perServer: 1 },
    );
    expect(asked()).to.deep.equal(['a', 'c']);
    ran(started()[0]);
    await turn();
    expect(asked()).to.deep.equal(['a', 'c', 'b']);
  });

  it('gives the place of a node that is away for long to the next one', async () => {
    await begin([{ sender: 'a' }, { sender: 'b' }], { grace: 10 });
    script.tell('a', false);
    await pass(4);
    expect(asked()).to.deep.equal(['a']);
    await pass(1);
    expect(asked()).to.deep.equal(['a', 'b']);
    ran(script.last);
    await pass(6);
    expect(over()).to.deep.include({ ok: ['b'], silent: ['a'] });
  });

  describe('with a node that cannot begin', () => {
    beforeEach(() => {
      script.reply = (question) => question.action === 'runonce' && ran(question, 'already-running');
    });

    it('asks it twice more, half a minute apart', async () => {
      await begin([{ sender: 'a' }]);
      await pass(29);
      expect(asked()).to.have.length(1);
      await pass(1);
      expect(asked()).to.have.length(2);
      await pass(29);
      expect(runs).to.deep.equal([]);
      await pass(1);
      expect(asked()).to.have.length(3);
      expect(over()).to.deep.include({ notBegun: ['a'], seconds: 60 });
    });

    it('asks it as often as it was told to', async () => {
      await begin([{ sender: 'a' }], { retries: 1, retryAfter: 2 });
      await pass(2);
      expect(asked()).to.have.length(2);
      expect(over()).to.deep.include({ notBegun: ['a'] });
    });

    it('asks it once where it is told not to repeat', async () => {
      await begin([{ sender: 'a' }], { retries: 0 });
      expect(asked()).to.have.length(1);
      expect(over()).to.deep.include({ notBegun: ['a'] });
    });

    it('lets others go first meanwhile', async () => {
      await begin([{ sender: 'a' }, { sender: 'b' }]);
      expect(asked()).to.deep.equal(['a', 'b']);
    });

    it('asks it no more after the signal', async () => {
      const stop = new AbortController();
      await begin([{ sender: 'a' }], { signal: stop.signal });
      await pass(10);
      stop.abort(new Error('enough'));
      await turn();
      expect(stats).to.equal('Error: enough');
      expect(asked()).to.have.length(1);
    });
  });

  it('makes Node warn of nothing, however many nodes wait for a place until the signal', async () => {
    const stop = new AbortController();
    const warned = once(process, 'warning');
    const members = Array.from({ length: 20 }, (_, index) => ({ sender: `n${index}` }));
    await begin(members, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await turn();
    process.emitWarning('the first');
    expect(String((await warned)[0])).to.include('the first');
    expect(stats).to.equal('Error: enough');
  });

  it('counts each node by what became of it', async () => {
    const ends: Record<string, Partial<Result>> = {
      good: { data: { outcome: 'changed' } },
      bad: { state: 'failed', data: { outcome: 'failed-resources' } },
      recent: { data: { outcome: 'recent' } },
      busy: { state: 'denied' },
    };
    script.reply = ({ action, options, answer }) =>
      action === 'runonce' && answer(ends[options.targets?.[0] ?? ''] ?? {});
    follow(runAll(script.client, { concurrency: 9 }));
    await turn();
    for (const sender of Object.keys(ends)) script.tell(sender, true);
    script.last.found({ silent: ['s'], offline: ['o'] });
    script.last.answer(...Object.keys(ends).map((sender) => ({ sender })));
    await turn();
    expect(over()).to.deep.equal({
      nodes: 4,
      ok: ['good'],
      failed: ['bad'],
      skipped: ['recent'],
      notBegun: ['busy'],
      silent: [],
      unheard: ['s'],
      offline: ['o'],
      most: 4,
      seconds: 0,
    });
  });

  it('throws, to whoever iterates too, if the nodes cannot be found', async () => {
    const round = runAll(script.client, { concurrency: 1 });
    follow(round);
    await turn();
    script.last.fail(new Error('no broker'));
    await turn();
    expect(stats).to.equal('Error: no broker');
    expect(await round[Symbol.asyncIterator]().next().catch(String)).to.equal('Error: no broker');
  });

  it('throws at the signal although nothing was left to do', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await begin([], { signal: stop.signal });
    expect(stats).to.equal('Error: enough');
  });

  describe('that is repeated', () => {
    async function repeat(rounds: number, fails: boolean) {
      const stop = new AbortController();
      const begun: number[] = [];
      const ends: unknown[] = [];
      script.reply = (question) => (fails ? question.fail(new Error('no broker')) : question.answer());
      const all = (async () => {
        for await (const round of rerunAll(script.client, {
          concurrency: 1,
          every: 10,
          signal: stop.signal,
        })) {
          begun.push(Date.now() / 1000 - 1000);
          ends.push(await round.stats().catch(String));
          if (begun.length === rounds) stop.abort();
        }
      })();
      for (let second = 0; second < 40; second += 1) {
        await turn();
        mock.timers.tick(1000);
      }
      await all;
      return { begun, ends };
    }

    it('begins each time when the time of the last one is over, until the signal', async () => {
      expect((await repeat(3, false)).begun).to.deep.equal([0, 10, 20]);
    });

    for (const [takes, second] of [
      [4, 10],
      [15, 15],
    ] as const)
      it(`begins after ${second} s at the earliest where a round takes ${takes} s`, async () => {
        const stop = new AbortController();
        const begun: number[] = [];
        script.reply = (question) => setTimeout(() => question.answer(), takes * 1000);
        const all = (async () => {
          const options = { concurrency: 1, every: 10, signal: stop.signal };
          for await (const _ of rerunAll(script.client, options)) begun.push(Date.now() / 1000 - 1000);
        })();
        await turn();
        await pass(20);
        expect(begun.slice(0, 2)).to.deep.equal([0, second]);
        stop.abort();
        await pass(20);
        await all;
      });

    it('goes on after a round that failed as a whole', async () => {
      expect(await repeat(2, true)).to.deep.equal({
        begun: [0, 10],
        ends: ['Error: no broker', 'Error: no broker'],
      });
    });
  });
});
