import { mock } from 'node:test';
import { type Context, silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readPuppetdConfig } from '../src/config.js';
import type { Puppet, RunOptions } from '../src/puppet/index.js';
import { Runner } from '../src/runner.js';

const now = 1_000_000;

/** What stops a run before it is started: all that a test wants to know is with which options. */
class Started extends Error {
  readonly options: RunOptions;

  constructor(options: RunOptions) {
    super('started');
    this.options = options;
  }
}

describe('the decision whether Puppet runs', () => {
  let status: {
    enabled: boolean;
    disable_message: string;
    applying: boolean;
    lastrun_began: number;
  };
  let lastBegan: number;
  let isRunning: boolean;
  let daemonPid: number | undefined;
  let killed: unknown[];

  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: now * 1000 + 900 });
    killed = [];
    mock.method(process, 'kill', (...words: unknown[]) => killed.push(words));
    status = { enabled: true, disable_message: '', applying: false, lastrun_began: 0 };
    lastBegan = 0;
    isRunning = false;
    daemonPid = undefined;
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  /** The options with which a run was started, the reply, or the error. */
  async function ask(input: Record<string, unknown>, section: object = {}, timeoutSeconds = 600) {
    const puppet = {
      attach: async () => undefined,
      status: async () => status,
      running: async () => isRunning,
      lastBegan: async () => lastBegan,
      daemonPid: async () => daemonPid,
      start: async (options: RunOptions) => {
        throw new Started(options);
      },
    } as unknown as Puppet;
    const runner = new Runner(puppet, readPuppetdConfig(section as never));
    const context = { requestId: 'r1', timeoutSeconds, log: silentLogger } as unknown as Context;
    return runner.runonce(input as never, context).catch((error: unknown) => error);
  }
  async function options(...words: Parameters<typeof ask>): Promise<RunOptions> {
    const ended = await ask(...words);
    if (ended instanceof Started) return ended.options;
    throw ended;
  }

  for (const [what, change, outcome] of [
    [
      'Puppet is disabled',
      () => Object.assign(status, { enabled: false, disable_message: 'why' }),
      'disabled',
    ],
    ['a catalog is applied', () => Object.assign(status, { applying: true }), 'already-running'],
    [
      'a run that was started here goes on',
      () => {
        isRunning = true;
      },
      'already-running',
    ],
  ] as const)
    it(`is against it if ${what}`, async () => {
      change();
      expect(await ask({ force: true })).to.have.nested.property('data.outcome', outcome);
    });

  for (const [began, ownBegan, isDue] of [
    [now - 100, 0, true],
    [now - 99, 0, false],
    [0, now - 100, true],
    [0, now - 99, false],
    [now - 99, now - 500, false],
    [now - 500, now - 99, false],
  ] as const)
    it(`is ${isDue ? 'for' : 'against'} it 100 s after runs began ${now - began} s and ${now - ownBegan} s ago`, async () => {
      status.lastrun_began = began;
      lastBegan = ownBegan;
      const ended = await ask({ min_age: 100 });
      if (isDue) expect(ended).to.be.instanceOf(Started);
      else
        expect(ended).to.deep.equal({
          summary: 'Skipped: the last run started 99 s ago, less than 100 s',
          outcome: 'recent',
          initiated_at: now - 99,
          run_id: '',
        });
    });

  it('is for it however recent the last run is if nobody minds', async () => {
    lastBegan = now;
    expect(await ask({})).to.be.instanceOf(Started);
  });

  it('goes on after one that was refused', async () => {
    const puppet = {
      attach: async () => undefined,
      status: async () => status,
      running: async () => false,
      lastBegan: async () => 0,
      daemonPid: async () => undefined,
      start: async () => {
        throw new Error('broken');
      },
    } as unknown as Puppet;
    const runner = new Runner(puppet, readPuppetdConfig({}));
    const context = { requestId: 'r1', timeoutSeconds: 1 } as unknown as Context;
    for (let count = 0; count < 2; count += 1)
      expect(await runner.runonce({}, context).catch(String)).to.equal('Error: broken');
  });

  describe('leaves it to the daemon of Puppet', () => {
    beforeEach(() => {
      daemonPid = 42;
    });

    for (const input of [{}, { noop: false }, { splay: true, splaylimit: 5, force: true, min_age: 1 }])
      it(`with ${JSON.stringify(input)}`, async () => {
        expect(await ask(input)).to.deep.equal({
          summary: "Triggered a run of Puppet's daemon (SIGUSR1)",
          initiated_at: now,
          run_id: '',
        });
        expect(killed).to.deep.equal([[42, 'SIGUSR1']]);
      });

    for (const [what, input, section] of [
      ['it is waited for', { foreground: true }, {}],
      ['it is another run than its own', { noop: true }, {}],
      ['the configuration forbids that', {}, { signal_daemon: false }],
    ] as const)
      it(`but not if ${what}`, async () => {
        expect(await ask(input, section)).to.be.instanceOf(Started);
        expect(killed).to.deep.equal([]);
      });

    it('but not if there is none', async () => {
      daemonPid = undefined;
      expect(await ask({})).to.be.instanceOf(Started);
      expect(killed).to.deep.equal([]);
    });
  });

  describe('gives a run its options:', () => {
    it('its id and nothing that was not asked for', async () =>
      expect(await options({ force: true })).to.deep.equal({
        id: 'r1',
        splay: false,
        runTimeoutSeconds: 3600,
      }));

    it('all that was asked for', async () =>
      expect(
        await options(
          {
            force: true,
            noop: false,
            tags: 'a, b',
            environment: 'lab',
            server: 'puppet1',
            use_cached_catalog: false,
            ignoreschedules: true,
          },
          { allow_server_override: true },
        ),
      ).to.deep.equal({
        id: 'r1',
        splay: false,
        runTimeoutSeconds: 3600,
        noop: false,
        tags: ['a', 'b'],
        environment: 'lab',
        server: 'puppet1',
        useCachedCatalog: false,
        ignoreSchedules: true,
      }));

    for (const [what, input, section, splay, limit] of [
      ['a random wait in the background', {}, {}, true, 30],
      ['none that the configuration does not want', {}, { splay: false }, false, undefined],
      ['none in the foreground', { foreground: true }, {}, false, undefined],
      ['one in the foreground that is wanted', { foreground: true, splay: true }, {}, true, 30],
      ['none where it is forced', { force: true, splay: true }, {}, false, undefined],
      ['none that is not wanted', { splay: false }, {}, false, undefined],
      ['one of the configured length', {}, { splaylimit: 7 }, true, 7],
      ['one of the wanted length', { splaylimit: 9 }, { splaylimit: 7 }, true, 9],
      ['one of a second at least', { splaylimit: 0 }, {}, true, 1],
    ] as const)
      it(what, async () => {
        const given = await options(input, section);
        expect(given.splay).to.equal(splay);
        expect(given.splayLimitSeconds).to.equal(limit);
      });

    for (const [what, input, section, timeout, seconds] of [
      ['in the background as configured', {}, { run_timeout: 50 }, 40, 50],
      ['in the foreground, thirty seconds less than the action', { foreground: true }, {}, 600, 570],
      ['less the random wait too', { foreground: true, splay: true, splaylimit: 20 }, {}, 600, 550],
      ['no more than configured', { foreground: true }, { run_timeout: 50 }, 600, 50],
      ['ten seconds at least', { foreground: true }, {}, 35, 10],
    ] as const)
      it(`time ${what}`, async () =>
        expect((await options(input, section, timeout)).runTimeoutSeconds).to.equal(seconds));
  });

  it('lets nobody choose the server unless that is configured', async () => {
    expect(String(await ask({ server: 'x' }))).to.include('allow_server_override');
    expect(await options({ server: 'x' }, { allow_server_override: true })).to.include({ server: 'x' });
  });
});
