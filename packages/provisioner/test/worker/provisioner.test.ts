import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Testbed, type Watched } from '../fixtures/testbed.js';

const eu = { region: 'eu', country: 'de' };
const us = { region: 'us', country: 'us' };

describe('a provisioner', function () {
  this.timeout(60_000);
  let testbed: Testbed;
  beforeEach(async () => {
    testbed = await Testbed.create();
  });
  afterEach(() => testbed.close());

  const nodes = (count: number, facts: Record<string, string>, prefix = 'web') =>
    Promise.all(Array.from({ length: count }, (_, n) => testbed.node(`${prefix}${n + 1}`, { facts })));

  it('provisions nodes that were online before it', async () => {
    await testbed.master('puppet1', eu);
    await nodes(2, eu);
    const watched = await testbed.provisioner('sleeptime: 60');
    await watched.provisioner.idle();
    expect(watched.of('done').map(({ identity }) => identity)).to.have.members(['web1', 'web2']);
  });

  it('shares the work with another provisioner: each node is provisioned exactly once', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    const both = [await testbed.provisioner(), await testbed.provisioner()];
    const all = await nodes(5, eu);
    await waitFor('all', () => all.every(({ machine }) => machine.record.done));
    for (const { identity, machine } of all) {
      expect(machine.runs, identity).to.deep.equal(['bootstrap', 'production']);
      expect(ca.log.filter((line) => line === `sign ${identity}`)).to.have.length(1);
    }
    await Promise.all(both.map(({ provisioner }) => provisioner.idle()));
    expect(both.flatMap((one) => one.of('done'))).to.have.length(5);
    expect(both.flatMap((one) => one.of('quarantined'))).to.have.length(0);
  });

  it('drops no node if there are many for few workers and slots: two provisioners, one slot each', async function () {
    this.timeout(90_000);
    const { ca } = await testbed.master('puppet1', eu);
    const few = 'workers: 1\nlimit_per_master: 1';
    const both = await Promise.all([testbed.provisioner(few), testbed.provisioner(few)]);
    const machines = await nodes(6, eu);
    await waitFor('the end of all', () => machines.every(({ machine }) => machine.record.done), {
      intervalMs: 20,
      timeoutSeconds: 80,
    });
    await Promise.all(both.map(({ provisioner }) => provisioner.idle()));
    for (const { machine } of machines) expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
    expect(ca.log.filter((line) => line.startsWith('sign'))).to.have.length(6);
    const shares = both.map((watched) => watched.of('done').length);
    expect(shares.reduce((sum, share) => sum + share)).to.equal(6);
    expect(Math.min(...shares)).to.be.greaterThan(0);
  });

  it('provisions several nodes at the same time', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const finish: (() => void)[] = [];
    for (const { machine } of await nodes(3, eu)) {
      machine.puppet = (stage) =>
        stage === 'production' ? stage : new Promise((resolve) => finish.push(() => resolve(stage)));
    }
    await waitFor('three runs at once', () => finish.length === 3);
    for (const go of finish) go();
    await watched.provisioner.idle();
    expect(watched.of('done')).to.have.length(3);
  });

  it('asks masters once for many nodes, and never for all their facts', async () => {
    const { ca } = await testbed.master('puppet1', eu);
    let infos = 0;
    ca.before = (action) => {
      if (action === 'info') infos += 1;
    };
    const watched = await testbed.provisioner();
    await nodes(6, eu);
    await waitFor('all', () => watched.of('done').length === 6);
    // The list of masters is good for some seconds.
    expect(infos).to.be.lessThan(4);
  });

  it('does not provision a node again that is done, whatever the filter selects', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner(
      'target: { filter: "" }\nsteps: { lock: true, puppet_final_run: true, restart: false, verify: false }',
    );
    const { machine } = await testbed.node('web1', { facts: eu });
    await watched.ended('web1');
    const left = await watched.event('left', 'web1');
    expect(left.reason).to.match(/^already provisioned at/);
    expect(machine.runs).to.deep.equal(['production']);
  });

  it('is not delayed by nodes that do not reply or stop replying', async () => {
    await testbed.master('puppet1', eu);
    await testbed.host('deaf', { collective: 'provisioning', isUnresponsive: true });
    const watched = await testbed.provisioner('workers: 2');
    const { machine } = await testbed.node('stuck', { facts: eu });
    machine.before = (action) => (action === 'set_puppet_host' ? new Promise(() => {}) : undefined);
    await watched.event('begun', 'stuck');
    await nodes(3, eu);
    for (const identity of ['web1', 'web2', 'web3']) {
      expect((await watched.ended(identity)).outcome).to.equal('done');
    }
    expect(watched.of('step-ended', 'stuck').map(({ step }) => step)).to.deep.equal(['lock']);
  });

  it('continues with a node that was offline', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('sleeptime: 60');
    const { machine, die } = await testbed.node('web1', { facts: eu });
    let isFirst = true;
    machine.before = (action) => {
      if (action === 'set_puppet_host' && isFirst) void die();
      if (action === 'set_puppet_host') isFirst = false;
    };
    const waiting = await watched.event('waiting', 'web1');
    expect(waiting.reason).to.match(/offline/);
    await testbed.enrol(machine, 'web1', { facts: eu });
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
  });

  it('goes on with a node whose last run of Puppet restarted its daemon with the final configuration', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('sleeptime: 60');
    const { machine, die } = await testbed.node('web1', { facts: eu });
    let finish: (words: string) => void = () => {};
    let finalRuns = 0;
    machine.before = (action) => {
      if (action !== 'run_puppet') return;
      finalRuns += 1;
      if (finalRuns === 2) finish('it went well');
    };
    machine.puppet = async (stage) => {
      if (stage === 'bootstrap') return 'it went well';
      void die().then(() =>
        testbed.host('web1', { collective: 'mcollective', agents: [machine.agent()], facts: eu }),
      );
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
    const report = await watched.ended('web1');
    expect(report.outcome).to.equal('done');
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
    const last = report.steps.find(({ step }) => step === 'puppet_final_run');
    expect(last?.reason).to.match(/attached to a run in progress/);
  });

  it('gives no master more nodes than its limit, and the nodes of others do not wait for that', async () => {
    await testbed.master('puppet1', eu);
    await testbed.master('puppet2', us);
    const watched = await testbed.provisioner('limit_per_master: 1\nworkers: 2');
    let now = 0;
    let most = 0;
    const finish: (() => void)[] = [];
    for (const { machine } of await nodes(3, eu)) {
      machine.puppet = async (stage) => {
        if (stage === 'production') return 'it went well';
        now += 1;
        most = Math.max(most, now);
        await new Promise<void>((resolve) => finish.push(resolve));
        now -= 1;
        return 'it went well';
      };
    }
    await waitFor('the first run', () => finish.length === 1);
    await waitFor(
      'the others to wait',
      () => watched.provisioner.nodes().filter(({ state }) => state === 'queued').length === 2,
    );
    await testbed.node('db1', { facts: us });
    expect((await watched.ended('db1')).outcome).to.equal('done');
    for (let n = 1; n <= 3; n += 1) {
      await waitFor(`run ${n}`, () => finish.length === n);
      finish[n - 1]?.();
    }
    await watched.provisioner.idle();
    expect(most).to.equal(1);
    expect(watched.of('done')).to.have.length(4);
  });

  it('spreads nodes over masters that fit equally', async () => {
    await testbed.master('puppet1', eu);
    await testbed.master('puppet2', eu);
    const watched = await testbed.provisioner();
    const finish: (() => void)[] = [];
    const all = await nodes(4, eu);
    for (const { machine } of all) {
      machine.puppet = (stage) =>
        stage === 'production' ? stage : new Promise((resolve) => finish.push(() => resolve(stage)));
    }
    await waitFor('all runs', () => finish.length === 4);
    const masters = all.map(({ machine }) => machine.record.master?.identity);
    expect(masters.filter((name) => name === 'puppet1')).to.have.length(2);
    for (const go of finish) go();
    await watched.provisioner.idle();
  });

  it('uses a master that came online later, without a restart', async () => {
    await testbed.master('puppet1', us);
    const watched = await testbed.provisioner();
    await testbed.node('web1', { facts: eu });
    expect((await watched.ended('web1')).reason).to.match(/the only master$/);
    await testbed.master('puppet2', eu);
    await waitFor('the new master', async () => (await watched.provisioner.masters()).length === 2);
    await testbed.node('web2', { facts: eu });
    expect(await watched.ended('web2')).to.include({ master: 'puppet2', reason: 'region eu matches' });
  });

  it('waits where there is no master, and says why', async () => {
    const watched = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    const { reason } = await watched.event('waiting', 'web1');
    expect(reason).to.match(/no master found: no node with the agent puppetca replies/);
    expect(machine.calls).to.deep.equal([]);
    await testbed.master('puppet1', eu);
    expect((await watched.ended('web1')).outcome).to.equal('done');
  });

  it('lets go of its nodes when it is stopped: what runs goes on, and the next one attaches', async () => {
    await testbed.master('puppet1', eu);
    const first = await testbed.provisioner();
    const { machine } = await testbed.node('web1', { facts: eu });
    let finish: (words: string) => void = () => {};
    machine.puppet = (stage) =>
      stage === 'production'
        ? stage
        : new Promise((resolve) => {
            finish = resolve;
          });
    await waitFor('the run', () => machine.runs.length === 1);
    await first.provisioner.stop();
    expect(machine.record.lease).to.equal(null);
    expect(first.provisioner.nodes()).to.deep.equal([]);
    const second = await testbed.provisioner();
    await second.event('begun', 'web1');
    finish('it went well');
    expect((await second.ended('web1')).outcome).to.equal('done');
    expect(machine.runs).to.deep.equal(['bootstrap', 'production']);
  });

  it('releases the leases of nodes that wait for a retry when it is stopped', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('backoff: { first: 60, most: 60 }');
    const { machine } = await testbed.node('web1', { facts: eu });
    machine.puppet = () => {
      throw new Error('no');
    };
    const { seconds } = await watched.event('waiting', 'web1');
    expect(seconds).to.be.within(30, 90);
    expect(machine.record.lease?.seconds).to.be.greaterThan(30);
    expect(watched.provisioner.nodes()[0]).to.include({
      identity: 'web1',
      state: 'waiting',
      master: 'puppet1',
    });
    await watched.provisioner.stop();
    expect(machine.record.lease).to.equal(null);
  });

  it('leaves a node in quarantine alone until it is released', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner();
    const { machine, die } = await testbed.node('web1', { facts: eu });
    machine.record.quarantineNode('not this one');
    await die();
    await testbed.enrol(machine, 'web1', { facts: eu });
    const left = await watched.event('left', 'web1');
    expect(left.reason).to.match(/^in quarantine since .*: not this one$/);
    machine.record.release(false);
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect(watched.of('left')).to.have.length(1);
  });

  it('keeps to the filter of the configuration', async () => {
    await testbed.master('puppet1', eu);
    const watched = await testbed.provisioner('target: { filter: "tier=web and provision().locked=false" }');
    await testbed.node('db1', { facts: { ...eu, tier: 'db' } });
    await testbed.node('web1', { facts: { ...eu, tier: 'web' } });
    expect((await watched.ended('web1')).outcome).to.equal('done');
    expect(watched.events.filter(({ identity }) => identity === 'db1')).to.deep.equal([]);
  });

  it('takes only masters that the configuration means', async () => {
    await testbed.master('puppet1', { ...eu, stage: 'test' });
    await testbed.master('puppet2', { ...us, stage: 'live' });
    const watched = await testbed.provisioner('master: { criteria: [region], filter: "stage=live" }');
    await testbed.node('web1', { facts: eu });
    expect((await watched.ended('web1')).master).to.equal('puppet2');
  });

  it('gives nodes the address of the fact that the configuration names, where the master has it', async () => {
    await testbed.master('puppet1', { ...eu, ipaddress: '198.51.100.7' });
    const watched = await testbed.provisioner(
      'master: { criteria: [region], ipaddress_fact: ipaddress }\nsteps: { set_puppet_hostname: true }',
    );
    const { machine } = await testbed.node('web1', { facts: eu });
    await watched.ended('web1');
    expect(machine.record.master).to.include({ address: '198.51.100.7' });
  });

  describe('tells people', () => {
    const targets = 'notify: { targets: ["mailto://ops", "webhook://cmdb"] }';
    const told = async (watched: Watched) => {
      await waitFor('both notifications', () => watched.of('notified').length === 2);
      return watched.of('notified').map(({ recipient, delivered }) => `${recipient} ${delivered}`);
    };

    it('of a node that is done', async () => {
      await testbed.master('puppet1', eu);
      await testbed.notifier('notify1');
      const watched = await testbed.provisioner(targets);
      await testbed.node('web1', { facts: eu });
      await watched.ended('web1');
      expect(await told(watched)).to.have.members(['mailto://ops true', 'webhook://cmdb true']);
      expect(testbed.delivered).to.have.members([
        'mailto://ops: Provisioned web1 against puppet1',
        'webhook://cmdb: Provisioned web1 against puppet1',
      ]);
      // They are delivered at the same time, in any order.
      const mail = watched.of('notified').find(({ protocol }) => protocol === 'mailto');
      expect(mail).to.include({ by: 'notify1', recipient: 'mailto://ops' });
    });

    it('of a node in quarantine', async () => {
      await testbed.master('puppet1', eu);
      await testbed.notifier('notify1');
      const watched = await testbed.provisioner(`${targets}\nprotected: [web1]`);
      await testbed.node('web1', { facts: eu });
      await watched.ended('web1');
      await told(watched);
      expect(testbed.delivered).to.include('mailto://ops: Quarantined web1');
    });

    it('through another notifier where one fails', async () => {
      await testbed.master('puppet1', eu);
      for (const n of [1, 2, 3]) await testbed.notifier(`bad${n}`, 'the mail server is down');
      await testbed.notifier('good');
      const watched = await testbed.provisioner(targets);
      await testbed.node('web1', { facts: eu });
      await watched.ended('web1');
      expect(await told(watched)).to.have.members(['mailto://ops true', 'webhook://cmdb true']);
      expect(testbed.delivered).to.have.length(2);
    });

    it('later, where no notifier can deliver now and one keeps the message', async () => {
      await testbed.master('puppet1', eu);
      await testbed.notifier('notify1', 'the mail server is down');
      await testbed.notifier('notify2', 'the mail server is down', { keeps: true });
      const watched = await testbed.provisioner(targets);
      const { machine } = await testbed.node('web1', { facts: eu });
      await watched.ended('web1');
      expect(await told(watched)).to.have.members(['mailto://ops false', 'webhook://cmdb false']);
      expect(testbed.kept).to.have.members([
        'notify2: mailto://ops: Provisioned web1 against puppet1',
        'notify2: webhook://cmdb: Provisioned web1 against puppet1',
      ]);
      // A notifier that hears of it again must know that it is the same message.
      expect(new Set(testbed.messageIds)).to.have.property('size', 1);
      await waitFor('the end of the notification', () => machine.record.outcomeOf('notify') === 'ok');
    });

    for (const [what, fault] of [
      ['there is no notifier', undefined],
      ['every notifier fails', 'the mail server is down'],
    ] as const) {
      it(`or fails to, without effect on the node, if ${what}`, async () => {
        await testbed.master('puppet1', eu);
        if (fault !== undefined) await testbed.notifier('bad', fault);
        const watched = await testbed.provisioner(targets);
        const { machine } = await testbed.node('web1', { facts: eu });
        expect((await watched.ended('web1')).outcome).to.equal('done');
        expect(await told(watched)).to.have.members(['mailto://ops false', 'webhook://cmdb false']);
        expect(watched.of('notified')[0]?.reason).to.match(
          fault ? /mail server/ : /no node with the agent notify/,
        );
        expect(machine.record.done).to.not.equal(null);
      });
    }
  });
});
