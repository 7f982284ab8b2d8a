import { mock } from 'node:test';
import { type DataLookup, type Facts, silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Registry } from '../../src/agents/registry.js';
import { rpcutilAgent } from '../../src/agents/rpcutil.js';
import { type Trial, tryAgent } from '../../src/agents/trial.js';
import { parseDaemonConfig } from '../../src/config.js';
import type { Node } from '../../src/node/node.js';
import { ActionCounts } from '../../src/request/action-counts.js';
import { ClockSkew } from '../../src/request/clock-skew.js';
import { newStats } from '../../src/request/stats.js';
import { Version1Callers } from '../../src/request/version1-callers.js';
import { ddlOf } from './external/actor.js';

const config = `{
  identity: web1.lab,
  collectives: [eu, us],
  broker: { urls: ["mqtts://b1:8883", "mqtts://b2:8883"] },
  security: { mode: x509, key: /etc/troupe/key.pem, ca: /etc/troupe/ca.pem },
  plugins: {
    notify: {
      servers: [{ host: mail, password: abc }, { host: chat, api_token: def }],
      credentials: { user: rip },
      secrets: [one],
      none: null,
    }
  }
}`;

describe('rpcutil', () => {
  let trial: Trial;
  let node: Node;
  const data = new Map<string, DataLookup>();
  let facts: Facts;
  beforeEach(async () => {
    facts = { os: { family: 'Debian' }, region: 'eu' };
    const registry = new Registry();
    const setup = async () => ({ show: () => ({}) });
    await registry.add({ ddl: ddlOf('work', { show: {} }, '2.0.0'), setup }, 'test', {}, {} as never);
    data.clear();
    node = {
      identity: 'web1.lab',
      version: '1.2.3',
      config: parseDaemonConfig(config),
      configFile: '/etc/troupe/mcod.yaml',
      mainCollective: 'eu',
      registry,
      stats: { ...newStats(), total: 7, denied: 2 },
      actions: new ActionCounts(),
      clockSkew: new ClockSkew(),
      version1: new Version1Callers(silentLogger),
      startedAt: 5500,
      data,
      facts: () => facts,
      classes: () => ['role::web'],
    };
    trial = await tryAgent(rpcutilAgent(node));
  });
  afterEach(() => trial.close());

  const call = async (action: string, input: Record<string, unknown> = {}) => {
    const { outcome, statuscode, statusmsg, data: output } = await trial.call(action, input);
    return outcome === 'ok' ? output : `${statuscode}: ${statusmsg}`;
  };

  it('answers a ping with the time in seconds', async () => {
    mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_999 });
    try {
      expect(await call('ping')).to.deep.equal({ pong: 1_700_000_000 });
    } finally {
      mock.timers.reset();
    }
  });

  it('returns the inventory of the node', async () => {
    for (const name of ['puppet', 'fact']) data.set(name, () => ({}));
    expect(await call('inventory')).to.deep.equal({
      agents: ['work'],
      facts: { os: { family: 'Debian' }, region: 'eu' },
      classes: ['role::web'],
      version: '1.2.3',
      data_plugins: ['fact', 'puppet'],
      main_collective: 'eu',
      collectives: ['eu', 'us'],
    });
    expect(await call('collective_info')).to.deep.equal({
      main_collective: 'eu',
      collectives: ['eu', 'us'],
    });
  });

  it('returns one fact, or several by name', async () => {
    expect(await call('get_fact', { fact: 'os.family' })).to.deep.equal({
      fact: 'os.family',
      value: 'Debian',
    });
    expect(await call('get_fact', { fact: 'none' })).to.deep.equal({ fact: 'none', value: null });
    expect(await call('get_facts', { facts: 'region, os.family,none' })).to.deep.equal({
      values: { region: 'eu', 'os.family': 'Debian', none: null },
    });
  });

  it('reads the paths of facts that -F reads', async () => {
    facts = { mountpoints: { '/var': { size: '18446744073709551615' }, '/srv/my data,x': { size: 1 } } };
    const plain = 'mountpoints./var.size';
    const quoted = '"mountpoints./srv/my data,x.size"';
    expect(await call('get_fact', { fact: plain })).to.include({ value: '18446744073709551615' });
    expect(await call('get_fact', { fact: quoted })).to.include({ value: 1 });
    expect(await call('get_facts', { facts: `${plain},${quoted}` })).to.deep.equal({
      values: { [plain]: '18446744073709551615', 'mountpoints./srv/my data,x.size': 1 },
    });
    expect(await call('get_fact', { fact: '"a' })).to.equal('4: ""a": a quote is not closed');
  });

  it('returns the statistics of the daemon', async () => {
    const { times, ...stats } = (await call('daemon_stats')) as Record<string, unknown>;
    expect(stats).to.deep.equal({
      ...node.stats,
      version1: 0,
      agents: ['work'],
      pid: process.pid,
      threads: [],
      starttime: 5,
      configfile: '/etc/troupe/mcod.yaml',
      version: '1.2.3',
    });
    const { user, system } = process.cpuUsage();
    const { utime, stime } = times as { utime: number; stime: number };
    expect(utime).to.be.within(user / 2e6, user / 1e6);
    expect(stime).to.be.within(system / 2e6, system / 1e6);
  });

  it('returns the metadata and the DDL hash of each agent', async () => {
    const { hash } = node.registry.get('work') ?? {};
    expect(await call('agent_inventory')).to.deep.equal({
      agents: [
        {
          agent: 'work',
          name: 'work',
          description: 'For tests',
          author: 'x',
          license: 'Apache-2.0',
          version: '2.0.0',
          url: 'https://example.net',
          timeout: 20,
          ddl: hash,
        },
      ],
    });
    expect(hash).to.match(/^[0-9a-f]{64}$/);
  });

  describe('get_config_item', () => {
    for (const [what, item, value] of [
      ['a value', 'identity', 'web1.lab'],
      ['a list', 'collectives', ['eu', 'us']],
      ['an entry of a list', 'broker.urls.1', 'mqtts://b2:8883'],
      ['a section', 'topics', { escape: false }],
      [
        'a section without its secrets',
        'plugins.notify',
        {
          servers: [
            { host: 'mail', password: '[redacted]' },
            { host: 'chat', api_token: '[redacted]' },
          ],
          credentials: '[redacted]',
          secrets: '[redacted]',
          none: null,
        },
      ],
      ['no secret value', 'plugins.notify.servers.0.password', '[redacted]'],
      ['nothing inside a secret section', 'plugins.notify.credentials.user', '[redacted]'],
      ['no path of a key', 'security.key', '[redacted]'],
    ] as const) {
      it(`returns ${what}`, async () => {
        expect(await call('get_config_item', { item })).to.deep.equal({ item, value });
      });
    }

    for (const item of [
      'none',
      'identity.length',
      'plugins.none.x',
      'constructor',
      'plugins.notify.none.x',
    ]) {
      it(`fails for the unknown item ${item}`, async () => {
        expect(await call('get_config_item', { item })).to.equal(`4: the configuration has no key "${item}"`);
      });
    }
  });

  it('returns data with or without a query', async () => {
    data.set('puppet', async (query) => ({ asked: query ?? 'nothing' }));
    expect(await call('get_data', { source: 'puppet', query: 'x' })).to.deep.equal({ asked: 'x' });
    expect(await call('get_data', { source: 'puppet' })).to.deep.equal({ asked: 'nothing' });
  });

  it('lists the available data plugins if the requested one does not exist', async () => {
    for (const name of ['puppet', 'fact']) data.set(name, () => ({}));
    expect(await call('get_data', { source: 'none', query: 'x' })).to.equal(
      '4: data plugin "none" not found: use one of those on this node: fact, puppet',
    );
  });
});
