import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type DaemonStatus, readStatusFile } from '../../src/status/status.js';
import { Lab } from '../agents/integration/lab.js';

const ddl = (name: string, actions: readonly string[]) =>
  JSON.stringify({
    metadata: {
      name,
      description: 'Misbehaves',
      author: 'x',
      license: 'x',
      version: '1.2.3',
      url: 'https://example.com',
      timeout: 30,
    },
    actions: actions.map((action) => ({
      action,
      description: action,
      mutating: true,
      input: {},
      output: {},
    })),
  });

describe('mcod as a process', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = new Lab();
    await lab.startBroker();
  });
  afterEach(() => lab.close());

  const agent = (handlers: string) => {
    const names = [...handlers.matchAll(/^\s*(\w+):/gm)].map(([, name]) => name ?? '');
    lab.write('agent/package.json', '{ "type": "module" }');
    lab.write(
      'agent/agent.js',
      `import { existsSync } from 'node:fs';\nimport { setTimeout } from 'node:timers/promises';\nexport default { ddl: ${ddl('odd', names)}, setup: () => ({\n${handlers}\n}) };`,
    );
  };
  const status = (): DaemonStatus => readStatusFile(`${lab.folder}/state/status.json`);
  const statusOnce = (what: string, holds: (now: DaemonStatus) => boolean) =>
    until(what, () => {
      try {
        return holds(status());
      } catch {
        return false;
      }
    });

  it('tells in its status file how it fares, from its start to its end', async () => {
    agent(`hold: async () => { while (!existsSync('${lab.folder}/gate')) await setTimeout(20); },`);
    await lab.startMcod('agents: [./agent/agent.js]\nstatus_interval: 1');
    await statusOnce('it is connected', ({ broker }) => broker.connected);
    const first = status();
    expect(first).to.include({ v: 1, state: 'running', interval: 1, identity: 'node1.example.net' });
    expect(first.agents).to.include({ odd: '1.2.3' });
    expect(first).to.not.have.any.keys('lastRequest', 'clockSkew', 'certificateExpires');
    const held = lab.ask('odd', 'hold');
    await statusOnce('it runs', ({ counts }) => counts.running === 1);
    expect(Math.abs(status().clockSkew ?? 99)).to.be.below(15);
    expect(status().lastRequest).to.be.at.least(first.since);
    lab.killBroker();
    await statusOnce('it lost its broker', ({ broker }) => !broker.connected);
    expect(status().broker.since).to.be.above(first.broker.since ?? 0);
    lab.signal('SIGTERM');
    await statusOnce('it waits for what runs', ({ state }) => state === 'ending');
    lab.write('gate', '');
    expect(await lab.ended()).to.equal(0);
    expect(status()).to.include({ state: 'ended', pid: first.pid });
    void held;
  });

  it('changes the level of its log at SIGUSR1: to debug, to trace, and back', async () => {
    await lab.startMcod('');
    const levels = () =>
      lab.log.filter(({ msg }) => msg === 'log level changed').map(({ from, to }) => [from, to]);
    for (const count of [1, 2, 3]) {
      lab.signal('SIGUSR1');
      await until('it says so', () => levels().length === count);
    }
    expect(levels()).to.deep.equal([
      ['info', 'debug'],
      ['debug', 'trace'],
      ['trace', 'info'],
    ]);
  });

  it('keeps what it keeps of requests when it reads its configuration again', async () => {
    agent('once: () => ({}),');
    await lab.startMcod('agents: [./agent/agent.js]');
    const { id } = await lab.ask('odd', 'once');
    lab.hangUp();
    await lab.logged('ready', 2);
    expect((await lab.attach(id)).outcome).to.equal('ok');
  });

  it('survives handlers that throw, reject, hang or forget a promise, and serves the others meanwhile', async () => {
    agent(`
      throws: () => { throw new Error('a secret of the handler'); },
      rejects: async () => { throw undefined; },
      strange: () => 7,
      circular: () => { const data = {}; data.data = data; return data; },
      forgets: () => { void Promise.reject(new Error('nobody listens')); return {}; },
      hangs: () => new Promise(() => {}),
      fine: () => ({}),`);
    await lab.startMcod('agents: [./agent/agent.js]');
    const hanging = lab.ask('odd', 'hangs', {}, () => {}, { timeout: 1 });
    const neutral = 'the action failed unexpectedly; see the log of the node for the reason';
    for (const action of ['throws', 'rejects']) {
      const { outcome, statuscode, statusmsg } = await lab.ask('odd', action);
      expect({ outcome, statuscode, statusmsg }, action).to.deep.equal({
        outcome: 'failed',
        statuscode: 5,
        statusmsg: neutral,
      });
    }
    for (const action of ['strange', 'circular'])
      expect((await lab.ask('odd', action)).outcome, action).to.equal('failed');
    expect((await lab.ask('odd', 'forgets')).outcome).to.equal('ok');
    await lab.logged('unhandled promise rejection');
    const timed = await hanging;
    expect([timed.outcome, timed.statusmsg]).to.deep.equal([
      'timeout',
      'the action did not finish within its timeout of 1 s',
    ]);
    expect((await lab.ask('odd', 'fine')).outcome).to.equal('ok');
  });

  it('ends when an error comes out of nowhere that is of no agent', async () => {
    // Node runs this first, in the place of code with a fault.
    const fault = 'process.on("SIGPIPE", () => { throw new Error("out of nowhere"); })';
    await lab.startMcod('', ['--import', `data:text/javascript,${encodeURIComponent(fault)}`]);
    lab.signal('SIGPIPE');
    expect(await lab.ended()).to.equal(1);
    await lab.logged('uncaught exception: the daemon exits');
  });

  it('stays when a handler calls process.exit, which fails, throws later, or listens badly', async () => {
    agent(`
      exits: () => { process.exit(3); },
      fine: () => ({}),
      bursts: () => { setImmediate(() => { throw new Error('out of nowhere'); }); return {}; },
      listens: (_, { signal }) => {
        signal.addEventListener('abort', () => { throw new Error('of a listener'); });
        return new Promise(() => {});
      },`);
    await lab.startMcod('agents: [./agent/agent.js]');
    expect((await lab.ask('odd', 'exits')).statuscode).to.equal(5);
    expect((await lab.ask('odd', 'fine')).outcome).to.equal('ok');
    const words = 'uncaught exception of an agent: the daemon continues';
    expect((await lab.ask('odd', 'bursts')).outcome).to.equal('ok');
    await lab.logged(words);
    const { outcome } = await lab.ask('odd', 'listens', {}, () => {}, { timeout: 1 });
    expect(outcome).to.equal('timeout');
    await lab.logged(words, 2);
    expect(lab.log.filter(({ msg }) => msg === words).map(({ agent }) => agent)).to.deep.equal([
      'odd',
      'odd',
    ]);
    expect((await lab.ask('odd', 'fine')).outcome).to.equal('ok');
  });
});
