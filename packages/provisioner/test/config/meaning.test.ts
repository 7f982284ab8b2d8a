import { matches } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { clientConfigOf, parseProvisionerConfig } from '../../src/index.js';

const read = (yaml: string) => parseProvisionerConfig(yaml, '/etc/troupe/provisioner.yaml');
const switchesOf = (steps: string) => read(`steps: ${steps}`);
const on = (steps: Readonly<Record<string, boolean>>) => Object.keys(steps).filter((name) => steps[name]);

describe('what a configuration means', () => {
  for (const [value, daemonize] of [
    ['true', true],
    ['"yes"', true],
    ['"on"', true],
    ['false', false],
    ['"no"', false],
    ['"off"', false],
  ] as const) {
    it(`for daemonize: ${value}`, () => {
      expect(read(`daemonize: ${value}`).daemonize).to.equal(daemonize);
    });
  }

  it('serves no status where that is off', () => {
    expect(read('http: { enabled: false }')).to.not.have.property('http');
    expect(read('http: { port: 1, address: "::" }').http).to.deep.equal({ address: '::', port: 1 });
  });

  it('takes a backoff that is always the same', () => {
    expect(read('backoff: { first: 5, most: 5 }').backoff).to.deep.equal({ first: 5, most: 5 });
  });

  it('takes lists and filters with nothing behind them for empty ones', () => {
    const config = read(
      'master: { criteria: , filter: }\nnotify: { targets: }\nprotected:\nhooks:\npolicy: { allow: , deny: }\ntarget: { filter: " " }',
    );
    expect([config.master.criteria, config.notify.targets, config.hooks]).to.deep.equal([[], [], []]);
    expect(config.isProtected('web1')).to.equal(false);
    expect(config.policy.nameFault('web1')).to.equal(undefined);
    expect([config.master.filter.compound, config.target.filter.compound]).to.deep.equal([[], []]);
  });

  it('takes for new machines only those on which nobody works and that are not done', async () => {
    const { filter } = read('').target;
    const data = (disabled: boolean, locked: boolean) => async () => ({ disabled, locked });
    const about = { identity: 'web1', facts: {}, agents: ['provision'], classes: [] };
    const means = (disabled: boolean, locked: boolean) =>
      matches(filter, { ...about, data: data(disabled, locked) });
    expect([await means(false, false), await means(true, false), await means(false, true)]).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  describe('for names', () => {
    for (const [policy, name, fault] of [
      ['{}', 'web1', undefined],
      ['{ allow: [web1] }', 'web1', undefined],
      ['{ allow: [web1, /^db/] }', 'db1', undefined],
      ['{ allow: [web1] }', 'web2', 'policy.allow does not match its name'],
      ['{ deny: [web1, /^db/] }', 'db1', 'policy.deny matches its name'],
      ['{ deny: [web1] }', 'web2', undefined],
      ['{ allow: [web1], deny: [web1] }', 'web1', 'policy.deny matches its name'],
    ] as const) {
      it(`with ${policy}: ${name} is ${fault === undefined ? 'allowed' : 'refused'}`, () => {
        expect(read(`policy: ${policy}`).policy.nameFault(name)).to.equal(fault);
      });
    }
  });

  describe('for the settings of a step', () => {
    it('are those that are given', () => {
      const { stepSettings } = read(
        'step_settings: { verify: { timeout: 3, attempts: 2 }, done: { condition: "a=b" } }',
      );
      expect(stepSettings.verify).to.deep.equal({ timeout: 3, attempts: 2 });
      expect(stepSettings.done?.condition?.text).to.equal('a=b');
      expect(stepSettings.lock).to.deep.equal({});
    });
  });

  describe('for the facts with the addresses', () => {
    it('is none where none is named', () => {
      const { master, target } = read('master: { ipaddress_fact: ip }');
      expect(master.addressFact).to.equal('ip');
      expect(target).to.not.have.property('addressFact');
    });
  });

  describe('for the client', () => {
    const security = 'security: { mode: none }';

    for (const [yaml, file] of [
      ['', undefined],
      ['client: client.yaml', '/etc/troupe/client.yaml'],
      ['client: /a/client.yaml', '/a/client.yaml'],
    ] as const) {
      it(`is the file ${file ?? 'that is found'} with ${yaml || 'nothing'}`, () => {
        expect(read(yaml).client).to.deep.equal({ file });
      });
    }

    it('has both collectives, or one where there is one', () => {
      expect(clientConfigOf(read(security)).collectives).to.deep.equal(['mcollective', 'provisioning']);
      const one = read(`${security}\ncollectives: { main: a, enrolment: a }`);
      expect(clientConfigOf(one).collectives).to.deep.equal(['a']);
    });
  });

  describe('for the steps', () => {
    const work = ['set_puppet_hostname', 'clean_node_certname', 'send_node_csr', 'sign_node_csr'];

    it('are all but daemonize where none are named', () => {
      const { steps } = read('');
      expect(on(steps)).to.deep.equal([
        'lock',
        ...work,
        'puppet_bootstrap_stage',
        'puppet_final_run',
        'restart',
        'verify',
        'done',
        'notify',
      ]);
    });

    for (const [steps, expected] of [
      ['{ lock: true }', ['lock', 'done']],
      ['{ puppet_final_run: true }', ['puppet_final_run', 'restart', 'verify', 'done']],
      ['{ puppet_final_run: true, restart: false }', ['puppet_final_run', 'verify', 'done']],
      ['{ puppet_final_run: true, verify: false }', ['puppet_final_run', 'restart', 'done']],
      ['{ restart: true, verify: true }', ['restart', 'verify', 'done']],
      ['{ puppet_daemonize: false, puppet_daemon: false }', ['done']],
      ['{ puppet_daemonize: true, puppet_daemon: true }', ['puppet_daemonize', 'done']],
      ['{ puppet_daemon: true }', ['puppet_daemonize', 'done']],
      [
        '{ lock: "yes", notify: "on", send_node_csr: "no", sign_node_csr: "off" }',
        ['lock', 'done', 'notify'],
      ],
    ] as const) {
      it(`are ${expected.join(', ')} with ${steps}`, () => {
        expect(on(switchesOf(steps).steps)).to.deep.equal(expected);
      });
    }

    const all =
      'lock: true, set_puppet_hostname: true, clean_node_certname: true, send_node_csr: true, sign_node_csr: true, ' +
      'puppet_bootstrap_stage: true, puppet_final_run: true, notify: false';
    const never =
      'steps.puppet_daemonize had no effect in 2010, because the program read puppet_daemon; it takes effect now';
    const follow = (names: string) =>
      `${names}: not in 2010, and on because puppet_final_run is on; to change that, list them in steps`;

    for (const [steps, notes] of [
      [`{ ${all}, puppet_daemonize: false, restart: true, verify: false }`, []],
      [`{ ${all}, puppet_daemonize: false }`, [follow('restart and verify')]],
      [`{ ${all}, puppet_daemonize: false, restart: false }`, [follow('verify')]],
      [`{ ${all}, puppet_daemonize: true, restart: true, verify: true }`, [never]],
      [
        `{ ${all}, puppet_daemon: true, restart: true, verify: true }`,
        ['steps.puppet_daemon is read as steps.puppet_daemonize'],
      ],
      [
        `{ ${all.replace('lock: true', 'lock: false')}, puppet_daemonize: false, restart: true, verify: true }`,
        ['steps.lock is off: run only one provisioner; a provisioner that hangs cannot be fenced off'],
      ],
      [
        '{ lock: true }',
        [
          'steps does not list set_puppet_hostname, clean_node_certname, send_node_csr, sign_node_csr, puppet_bootstrap_stage, puppet_final_run, puppet_daemonize, notify: off, as in 2010; without a steps section, all steps except puppet_daemonize are on',
          'all steps that change a node are off: nodes are neither provisioned nor disabled',
        ],
      ],
    ] as const) {
      it(`are explained with ${notes.length} notes for ${steps.slice(0, 30)}…${steps.slice(-50)}`, () => {
        expect(switchesOf(steps).notes).to.deep.equal(notes);
      });
    }

    it('are explained where somebody should be notified and nobody is named', () => {
      const empty = 'notify.targets is empty: no notifications are sent';
      expect(read('').notes).to.deep.equal([empty]);
      expect(read('notify: { targets: ["exec://b"] }').notes).to.deep.equal([]);
      expect(read('steps: { lock: true }').notes).to.not.include(empty);
    });
  });
});
