import { mock } from 'node:test';
import { silentLogger } from '@troupe/core';
import type { Pause } from '@troupe/core/internal';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig } from '../../src/index.js';
import { Masters } from '../../src/master/masters.js';
import { KeyPin } from '../../src/rpc/key-pin.js';
import { type Plan, planFor } from '../../src/worker/plan.js';
import { recorded, statusWith } from '../fixtures/node-record.js';
import { failureOf } from '../fixtures/rejection.js';
import { dependenciesOf, infoOf } from '../fixtures/step-context.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';

const now = Date.parse('2030-01-01T00:00:00Z');
const later = (seconds: number) => new Date(now + seconds * 1000).toISOString();
const lease = { owner: 'prov/2', token: 7, seconds: 60, expires: later(40) };
const quarantine = { reason: 'out of luck', since: '2029' };
const notify = recorded('notify', 'started');
const begun = [recorded('set_puppet_hostname')];
const onRecord = { identity: 'puppet2', address: '192.0.2.2', reason: 'region eu matches' };

describe('the plan for a node', () => {
  let network: StubNetwork;
  let pause: Pause | undefined;
  let loads: Record<string, number>;
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now });
    network = new StubNetwork();
    network.nodes = ['puppet1', 'puppet2'];
    network.answers['puppetca info'] = ({ target }) => ({ data: infoOf(target) });
    network.answers['rpcutil get_facts'] = ({ target }) => ({
      data: { values: { region: target === 'puppet1' ? 'us' : 'eu' } },
    });
    pause = undefined;
    loads = {};
  });
  afterEach(() => mock.timers.reset());

  const { signal } = new AbortController();
  const info = ({ target }: { target: string }) => ({ data: infoOf(target) });
  const away = (...names: readonly string[]) => {
    network.nodes = ['puppet1', 'puppet2'].filter((name) => !names.includes(name));
    network.answers['puppetca info'] = (asked) =>
      names.includes(asked.target) ? { state: 'offline', statusmsg: 'it is offline' } : info(asked);
  };
  const back = () => away();
  const mastersOf = (yaml: string) =>
    new Masters(
      network.peers,
      parseProvisionerConfig(`master: ${yaml || '{ criteria: [region, country] }'}`).master,
      silentLogger,
    );
  const plan = (
    status: object,
    {
      yaml = '',
      criteria = '[region]',
      tries = 0,
      masters,
    }: { yaml?: string; criteria?: string; tries?: number; masters?: Masters } = {},
  ) => {
    network.answers['provision status'] = says(statusWith({ ...status }));
    const dependencies = dependenciesOf(network, `master: { criteria: ${criteria} }\nattempts: 3\n${yaml}`, {
      paused: () => pause,
      loadOf: (master: string) => loads[master] ?? 0,
      ...(masters ? { masters } : {}),
    });
    const target = { identity: 'web1', collective: 'provisioning', pin: new KeyPin(false), tries };
    return planFor(target, dependencies, signal);
  };
  const planned = async (...given: Parameters<typeof plan>): Promise<Plan> => {
    const found = await plan(...given);
    if ('refusal' in found) throw new Error(found.refusal);
    return found;
  };

  for (const [contract, advice] of [
    [2, 'upgrade the provisioner'],
    [0, 'upgrade the agent'],
  ] as const) {
    it(`is to do nothing if the provision agent fulfils version ${contract} of its contract`, async () => {
      expect(await plan({ contract })).to.deep.equal({
        refusal: `its provision agent fulfils version ${contract} of the contract, and this provisioner supports version 1: ${advice}`,
        state: 'unwanted',
      });
      expect(network.whats()).to.deep.equal(['provision status']);
    });
  }

  it('is made for a provision agent that states no version, as agents before the contract', async () => {
    expect(await plan({ contract: null })).to.not.have.property('refusal');
  });

  it('has the master that fits the facts of the node, and changes nothing', async () => {
    const { node, master, reason, isOtherMaster, record } = await planned({});
    expect([node.identity, node.collective, master.identity]).to.deep.equal([
      'web1',
      'provisioning',
      'puppet2',
    ]);
    expect([reason, isOtherMaster, record.steps]).to.deep.equal(['region eu matches', false, []]);
    expect(network.of('provision status')[0]?.options).to.include({ answerWithin: 5, signal });
    const own = network.of('rpcutil get_facts').find(({ target }) => target === 'web1');
    expect(own).to.deep.nested.include({ input: { facts: 'region' }, 'options.collective': 'provisioning' });
    expect(new Set(network.whats())).to.deep.equal(
      new Set(['provision status', 'puppetca info', 'rpcutil get_facts']),
    );
  });

  it('asks the node for no facts if none matter', async () => {
    const { reason } = await planned({}, { criteria: '[]' });
    expect(reason).to.equal('the least loaded of 2 masters');
    expect(network.of('rpcutil get_facts')).to.deep.equal([]);
  });

  for (const [what, data, yaml] of [
    ['rpcutil get_facts', { values: { region: 'us' } }, ''],
    ['rpcutil inventory', { facts: { tier: 'web' }, classes: [], agents: [] }, 'policy: { facts: tier=web }'],
  ] as const) {
    it(`is not made from what another machine with the name of the node replies to ${what}`, async () => {
      network.answers['provision status'] = () => ({ data: statusWith({}), key: 'the key of web1' });
      const answer = network.answers[what];
      network.answers[what] = (asked) =>
        asked.target === 'web1' ? { data, key: 'another key' } : (answer?.(asked) ?? {});
      const dependencies = dependenciesOf(network, `master: { criteria: [region] }\n${yaml}`);
      const target = { identity: 'web1', collective: 'provisioning', pin: new KeyPin(true), tries: 0 };
      expect(await failureOf(planFor(target, dependencies, signal))).to.deep.include({
        kind: 'permanent',
        message:
          'another machine replies under the name web1: its key is another key…, but the key at the start of the provisioning was the key of web1…',
      });
    });
  }

  it('counts the nodes that the masters have', async () => {
    loads = { puppet1: 1 };
    const { master } = await planned({}, { criteria: '[]' });
    expect(master.identity).to.equal('puppet2');
  });

  it('fails if there is no master', async () => {
    network.nodes = [];
    expect(await failureOf(plan({}))).to.include({
      kind: 'master-away',
      message: 'no master found: no node with the agent puppetca replies in the collective mcollective',
      waitSeconds: undefined,
    });
  });

  it('fails if the node is silent', async () => {
    network.answers['provision status'] = ends('no-reply');
    const dependencies = dependenciesOf(network, '');
    const target = { identity: 'web1', collective: 'provisioning', pin: new KeyPin(false), tries: 0 };
    expect((await failureOf(planFor(target, dependencies, signal))).kind).to.equal('unreachable');
  });

  describe('is none, for the reason', () => {
    it('that the receipt of the node was revoked', async () => {
      const receipt = { serial: 's1', ends: 0 };
      const enrolment = { token: 't1', replace: false, callers: 'c', receipt };
      network.proofs.set('k1', { vouchedBy: 'token', enrolment });
      network.answers['provision status'] = () => ({ key: 'k1', data: statusWith({}) });
      const dependencies = dependenciesOf(network, '');
      dependencies.replacement.assign('web1', { key: 'k1', receipt: 's1' });
      dependencies.replacement.revokeReceipt('web1');
      const target = { identity: 'web1', collective: 'provisioning', pin: new KeyPin(false), tries: 0 };
      expect(await planFor(target, dependencies, signal)).to.deep.equal({
        refusal:
          'not allowed: the receipt of this machine was revoked when its name was given to another machine',
        state: 'unwanted',
      });
    });

    it('that the token is not for the name of the node', async () => {
      const enrolment = { token: 't1', names: '/^db/', replace: false, callers: 'c' };
      network.proofs.set('k1', { vouchedBy: 'token', enrolment });
      network.answers['provision status'] = () => ({ key: 'k1', data: statusWith({}) });
      const dependencies = dependenciesOf(network, '');
      const target = { identity: 'web1', collective: 'provisioning', pin: new KeyPin(false), tries: 0 };
      const refused = await planFor(target, dependencies, signal);
      expect('refusal' in refused && refused.refusal).to.match(
        /^not allowed: the enrolment token is only for names that match \/\^db\/, and the name of this machine is web1: /,
      );
    });

    const quarantined = { quarantined: true, quarantine };
    for (const [state, refusal, status] of [
      ['elsewhere', 'prov/2 holds its lease', { lease }],
      ['quarantined', 'in quarantine since 2029: out of luck', quarantined],
      ['quarantined', 'in quarantine since 2029: out of luck', { ...quarantined, steps: [notify], lease }],
      [
        'elsewhere',
        'prov/2 holds its lease',
        { done: true, finished: { since: '2029' }, steps: [notify], lease },
      ],
      [
        'done',
        'already provisioned at 2029',
        { done: true, disabled: true, finished: { since: '2029' }, lease },
      ],
      [
        'done',
        'already provisioned at 2029: "mcprovision retry" starts again at the first step',
        { done: true, finished: { since: '2029' } },
      ],
    ] as const) {
      it(`${refusal} (${Object.keys(status)})`, async () => {
        expect(await plan(status)).to.deep.equal({
          refusal,
          state,
          ...('lease' in status ? { leaseSeconds: 40 } : {}),
        });
        expect(network.whats()).to.deep.equal(['provision status']);
      });
    }

    for (const [what, expires, leaseSeconds] of [
      ['that ends later', later(40), 40],
      ['that is over by the clock of the node', later(-5), 1],
      ['that lasts longer than it was given', later(400), 60],
    ] as const) {
      it(`that somebody holds a lease ${what}, for ${leaseSeconds} s`, async () => {
        expect(await plan({ lease: { ...lease, expires } })).to.include({ leaseSeconds });
      });
    }

    it('that it is paused, if it has not begun', async () => {
      pause = { by: 'ops', since: '', reason: 'new racks' };
      const refusal = 'provisioning is paused by ops: new racks';
      expect(await plan({})).to.deep.equal({ refusal, state: 'waiting' });
      expect(await plan({ steps: [recorded('lock')] })).to.deep.equal({ refusal, state: 'waiting' });
      expect(await plan({ steps: [recorded('set_puppet_hostname', 'failed')] })).to.deep.equal({
        refusal,
        state: 'waiting',
      });
      expect(await planned({ steps: begun })).to.be.an('object');
    });

    it('that the policy objects, if it has not begun', async () => {
      const yaml = 'policy: { deny: [web1] }';
      expect(await plan({}, { yaml })).to.deep.equal({
        refusal: 'not allowed: policy.deny matches its name',
        state: 'unwanted',
      });
      expect(await planned({ steps: begun }, { yaml })).to.be.an('object');
    });
  });

  describe('is made', () => {
    for (const [what, status] of [
      ['of a node whose lease it holds itself', { lease: { ...lease, owner: 'prov/1' } }],
      ['of a node that is disabled and not done', { disabled: true }],
      ['of a node that is done and whose notification is pending', { done: true, steps: [notify] }],
    ] as const) {
      it(what, async () => {
        expect((await planned(status)).isOtherMaster).to.equal(false);
      });
    }

    for (const [master, expected, reason] of [
      [onRecord, { identity: 'puppet2', address: '192.0.2.2' }, 'region eu matches'],
      [null, { identity: 'unknown', address: '' }, 'chosen earlier'],
      [
        { identity: null, address: null, reason: null },
        { identity: 'unknown', address: '' },
        'chosen earlier',
      ],
    ] as const) {
      it(`of a node in quarantine of which people have still to be told, with the master ${expected.identity} of the record`, async () => {
        pause = { by: 'ops', since: '', reason: '' };
        const { master: found, ...more } = await planned({
          quarantined: true,
          quarantine,
          steps: [notify],
          master,
          lease: { ...lease, owner: 'prov/1' },
        });
        expect(found).to.include({ ...expected, port: 0, certname: expected.identity, caFingerprint: '' });
        expect(more).to.include({ reason, isOtherMaster: false });
        expect(network.whats()).to.deep.equal(['provision status']);
      });
    }
  });

  describe('of a node whose best master is away', () => {
    let masters: Masters;
    beforeEach(async () => {
      masters = mastersOf('');
      await masters.list();
      away('puppet2');
      mock.timers.tick(5_000);
    });

    it('waits for it, and says until when', async () => {
      const failure = await failureOf(plan({}, { masters }));
      expect(failure).to.include({ kind: 'master-away', waitSeconds: 900 });
      expect(failure.message).to.equal(
        `region eu matches, but puppet2 has not replied since ${later(5)}; it gets another master if that lasts until ${later(905)} (master.fallback)`,
      );
    });

    it('has another master when the wait is over, with the reason, and others then do not wait again', async () => {
      await failureOf(plan({}, { masters }));
      mock.timers.tick(900_000);
      const { master, reason } = await planned({}, { masters });
      expect(master.identity).to.equal('puppet1');
      expect(reason).to.equal(
        `no master with region eu that replies: puppet2 has not replied since ${later(5)}; the only master that replies`,
      );
      expect((await planned({}, { masters })).master.identity).to.equal('puppet1');
    });

    it('has it if it replies again, and waits as long for its next absence', async () => {
      await failureOf(plan({}, { masters }));
      back();
      mock.timers.tick(899_000);
      expect((await planned({}, { masters })).master.identity).to.equal('puppet2');
      away('puppet2');
      mock.timers.tick(5_000);
      expect(await failureOf(plan({}, { masters }))).to.include({ waitSeconds: 900 });
    });

    it('does not wait for it if another one agrees on the same fact', async () => {
      network.nodes = ['puppet1', 'puppet3'];
      expect((await planned({}, { masters })).master.identity).to.equal('puppet3');
    });

    it('does not wait for it if it agrees on a fact that matters less', async () => {
      network.answers['rpcutil get_facts'] = ({ target }) => ({
        data: { values: { region: target === 'puppet2' ? 'us' : 'eu', country: 'ie' } },
      });
      const found = await planned({}, { masters, criteria: '[region, country]' });
      expect(found.master.identity).to.equal('puppet1');
    });

    it('passes a criterion over at once that no known master matches', async () => {
      const facts = network.answers['rpcutil get_facts'];
      network.answers['rpcutil get_facts'] = (asked) =>
        asked.target === 'web1' ? { data: { values: { region: 'ap' } } } : (facts?.(asked) ?? {});
      const { master, reason } = await planned({}, { masters });
      expect([master.identity, reason]).to.deep.equal([
        'puppet1',
        'no master with region ap; the only master that replies',
      ]);
    });

    it('waits without a limit if no master replies at all', async () => {
      away('puppet1', 'puppet2');
      const failure = await failureOf(plan({}, { masters }));
      expect(failure).to.include({ kind: 'master-away', waitSeconds: undefined });
      expect(failure.message).to.equal(
        `no master replies: puppet1 has not replied since ${later(5)}, puppet2 has not replied since ${later(5)}`,
      );
    });
  });

  describe('of a node that has begun', () => {
    const status = { steps: begun, master: { ...onRecord, identity: 'puppet1' } };

    it('has the master with which it began, and its reason, whatever its facts are', async () => {
      const { master, reason, isOtherMaster } = await planned(status);
      expect([master.identity, reason, isOtherMaster]).to.deep.equal(['puppet1', 'region eu matches', false]);
      expect(network.of('rpcutil get_facts').filter(({ target }) => target === 'web1')).to.deep.equal([]);
      const unsaid = await planned({ ...status, master: { ...status.master, reason: null } });
      expect(unsaid.reason).to.equal('chosen earlier');
    });

    it('waits for that master for master.fallback, however often it is tried, then has another one', async () => {
      away('puppet1');
      const masters = mastersOf('');
      const since = later(0);
      for (const [seconds, tries] of [
        [0, 0],
        [500, 50],
        [399, 100],
      ] as const) {
        mock.timers.tick(seconds * 1000);
        const failure = await failureOf(plan(status, { tries, masters }));
        expect(failure).to.include({ kind: 'master-away' });
        expect(failure.message).to.equal(
          `its master puppet1 has not replied since ${since}; it gets another master if that lasts until ${later(900)} (master.fallback)`,
        );
      }
      mock.timers.tick(1000);
      const { master, reason, isOtherMaster } = await planned(status, { masters });
      expect([master.identity, isOtherMaster]).to.deep.equal(['puppet2', true]);
      expect(reason).to.equal(
        `its previous master puppet1 has not replied since ${since}; region eu matches`,
      );
    });

    it('waits for a master that only its record names, which this provisioner has never seen', async () => {
      away('puppet7');
      const record = { steps: begun, master: { ...onRecord, identity: 'puppet7' } };
      expect(await failureOf(plan(record))).to.include({ kind: 'master-away', waitSeconds: 900 });
      const { reason } = await planned(record, { masters: mastersOf('{ criteria: [region], fallback: 0 }') });
      expect(reason).to.match(/^its previous master puppet7 has not replied since .*; region eu matches$/);
    });

    it('has another master at once if its own is not a master any more', async () => {
      const masters = mastersOf('');
      await masters.list();
      network.nodes = ['puppet2'];
      masters.forget();
      const { master, reason } = await planned(status, { masters });
      expect(master.identity).to.equal('puppet2');
      expect(reason).to.equal('its previous master puppet1 is not a master any more; region eu matches');
    });

    it('has any master if none is on record', async () => {
      for (const master of [null, { ...onRecord, identity: null }]) {
        const { reason, isOtherMaster } = await planned({ steps: begun, master });
        expect([reason, isOtherMaster]).to.deep.equal(['region eu matches', false]);
      }
    });
  });

  it('of a node that only was locked takes no notice of the master that it had', async () => {
    const { master, isOtherMaster } = await planned({
      steps: [recorded('lock')],
      master: { ...onRecord, identity: 'puppet7' },
    });
    expect([master.identity, isOtherMaster]).to.deep.equal(['puppet2', false]);
  });
});
