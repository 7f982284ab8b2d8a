import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseProvisionerConfig } from '../../src/index.js';

const isValid = (yaml: string) => {
  try {
    parseProvisionerConfig(yaml);
    return true;
  } catch {
    return false;
  }
};
const hook = (more: string) => `hooks: [{ name: a, agent: b, action: c, after: lock, ${more} }]`;
const named = (name: unknown) => `hooks: [{ name: ${name}, agent: b, action: c, after: lock }]`;
const placed = (place: unknown) => `hooks: [{ name: a, agent: b, action: c, ${place} }]`;
const webhook = (more: string) => `policy: { webhook: { url: "http://a/", ${more} } }`;

/** For each key: the least and the most that it takes, and what is just beyond; undefined where there is no such thing. */
const limits: readonly (readonly [
  string,
  (value: unknown) => string,
  readonly unknown[],
  readonly unknown[],
])[] = [
  ['workers', (n) => `workers: ${n}`, [1, 1000], [0, 1001, 1.5]],
  ['limit_per_master', (n) => `limit_per_master: ${n}`, [1, 1000], [0, 1001, 1.5]],
  ['lease', (n) => `lease: ${n}`, [5, 3600], [4, 3601, 5.5]],
  ['attempts', (n) => `attempts: ${n}`, [1, 100], [0, 101, 1.5]],
  ['sleeptime', (n) => `sleeptime: ${n}`, [0.1, 86_400], [0, 86_401]],
  ['connect_timeout', (n) => `connect_timeout: ${n}`, [0.1], [0]],
  ['backoff.first', (n) => `backoff: { first: ${n}, most: 86400 }`, [0.1, 86_400], [0, 86_401]],
  ['backoff.most', (n) => `backoff: { first: 0.1, most: ${n} }`, [0.1, 86_400], [0, 86_401]],
  ['http.port', (n) => `http: { port: ${n} }`, [0, 65_535], [-1, 65_536, 1.5]],
  ['policy.webhook.timeout', (n) => webhook(`timeout: ${n}`), [0.1, 300], [0, 301]],
  [
    'policy.agent.timeout',
    (n) => `policy: { agent: { agent: a, action: b, timeout: ${n} } }`,
    [0.1, 300],
    [0, 301],
  ],
  [
    'step_settings.verify.timeout',
    (n) => `step_settings: { verify: { timeout: ${n} } }`,
    [0.1, 86_400],
    [0, 86_401],
  ],
  [
    'step_settings.verify.attempts',
    (n) => `step_settings: { verify: { attempts: ${n} } }`,
    [1, 100],
    [0, 101, 1.5],
  ],
  [
    'step_settings.puppet_final_run.environment',
    (text) => `step_settings: { puppet_final_run: { environment: ${text} } }`,
    ['live_2'],
    ['"a b"', '""'],
  ],
  [
    'step_settings.verify.environment',
    (text) => `step_settings: { verify: { environment: ${text} } }`,
    [],
    ['live'],
  ],
  ['master.agent', (text) => `master: { agent: ${text} }`, ['puppet-ca_2'], ['Puppetca', '-a', '""']],
  ['master.criteria', (text) => `master: { criteria: [${text}] }`, ['"a.b:c-d"', 'ec2'], ['"a b"', '""']],
  [
    'notify.targets',
    (text) => `notify: { targets: ["${text}"] }`,
    [`exec://${'x'.repeat(293)}`, 'ntfy://a'],
    [`exec://${'x'.repeat(294)}`, 'exec://', 'EXEC://b', 'exec://b c', 'm2://a'],
  ],
  [
    'policy.webhook.url',
    (text) => `policy: { webhook: { url: "${text}" } }`,
    ['http://a', 'https://a'],
    ['ftp://a', 'a'],
  ],
  ['policy.webhook', (text) => `policy: { webhook: { ${text} } }`, [], ['timeout: 5']],
  ['policy.agent', (text) => `policy: { agent: { ${text} } }`, [], ['agent: a', 'action: a']],
  ['hooks.name', named, ['a', `a${'b'.repeat(63)}`, 'a_2'], [`a${'b'.repeat(64)}`, '2a', 'lock', 'notify']],
  ['hooks.on', (text) => hook(`on: ${text}`), ['node', 'master', 'any'], ['all']],
  ['hooks.optional', (text) => hook(`optional: ${text}`), ['true', 'false'], ['3']],
  [
    'hooks.before and hooks.after',
    placed,
    ['before: done', 'after: lock', 'after: verify'],
    [
      'before: lock',
      'before: notify',
      'after: done',
      'after: notify',
      'before: verify, after: lock',
      'on: any',
    ],
  ],
  [
    'steps',
    (text) => `steps: { ${text} }`,
    ['lock: "on"', 'verify: false', 'puppet_daemon: true'],
    ['done: true', 'lock: maybe'],
  ],
  ['collectives.main', (text) => `collectives: { main: ${text} }`, ['a'], ['"a b"', '""']],
];

describe('the configuration', () => {
  for (const [key, yaml, good, bad] of limits) {
    for (const value of good) {
      it(`takes ${key}: ${String(value).slice(0, 40)}`, () => {
        expect(isValid(yaml(value))).to.equal(true);
      });
    }
    for (const value of bad) {
      it(`refuses ${key}: ${String(value).slice(0, 40)}`, () => {
        expect(isValid(yaml(value))).to.equal(false);
      });
    }
  }

  it('has the defaults that are documented', () => {
    const config = parseProvisionerConfig(
      `${hook('')}\npolicy: { webhook: { url: "http://a" }, agent: { agent: a, action: b } }`,
    );
    expect(config).to.deep.include({
      sleeptime: 5,
      workers: 50,
      limitPerMaster: 10,
      leaseSeconds: 60,
      attempts: 3,
      backoff: { first: 5, most: 300 },
      http: { address: '127.0.0.1', port: 9140 },
      pidFile: '/var/run/mcprovision.pid',
      pauseFile: '/var/lib/troupe/provisioner.paused',
      publishesEvents: true,
      daemonize: false,
      log: { level: 'info', format: 'auto' },
      client: { file: undefined },
    });
    expect(config.policy).to.deep.include({
      webhook: { url: 'http://a', timeout: 5 },
      agent: { agent: 'a', action: 'b', timeout: 5 },
      certificates: { good: 'keep', stale: 'replace', foreign: 'refuse' },
    });
    expect(config.hooks).to.deep.equal([
      {
        name: 'a',
        agent: 'b',
        action: 'c',
        on: 'any',
        input: {},
        optional: false,
        place: 'after',
        step: 'lock',
      },
    ]);
    expect([config.master.agent, config.target.agent, config.notify.agent]).to.deep.equal([
      'puppetca',
      'provision',
      'notify',
    ]);
  });
});
