import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Outbox } from '../../src/events/outbox.js';
import {
  type ProvisionEvent,
  type Provisioner,
  parseProvisionerConfig,
  startProvisioner,
} from '../../src/index.js';
import { PendingJournal } from '../../src/journal/pending-journal.js';
import { logLines } from '../fixtures/log-lines.js';
import { recorded, statusWith } from '../fixtures/node-record.js';
import { infoOf } from '../fixtures/step-context.js';
import { ends, hangs, isPending, StubNetwork, says, settled } from '../fixtures/stub-network.js';

const status = 'provision status';
const oneStep = 'steps: { lock: true, set_puppet_hostname: true }';
const nobody = 'http: { enabled: false }\npause_file: /nowhere/at/all';
const finished = statusWith({ done: true, disabled: true, finished: { since: '2030' } });

describe('a provisioner at work', () => {
  let network: StubNetwork;
  let provisioner: Provisioner;
  /** Fires when notifications under way get no more time. */
  let silence: AbortController;
  let events: ProvisionEvent[];
  let lines: Record<string, unknown>[];
  /** Whom a discovery finds, by collective. */
  let present: Record<string, readonly string[]>;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    mock.method(Math, 'random', () => 1);
    mock.method(AbortSignal, 'timeout', (milliseconds: number) => {
      expect(milliseconds).to.equal(10_000);
      silence = new AbortController();
      return silence.signal;
    });
    network = new StubNetwork();
    present = { provisioning: [], mcollective: ['puppet1'] };
    network.client.discover = async (options = {}) => {
      network.discoveries.push(options);
      const isForMasters = options.filter?.agents.includes('puppetca') === true;
      const all = present[options.collective ?? ''] ?? [];
      const nodes = all.filter((name) => name.startsWith('puppet') === isForMasters);
      for (const node of nodes) options.onNode?.(node, 0);
      return { nodes, silent: [], refused: [] } as unknown as Awaited<
        ReturnType<typeof network.client.discover>
      >;
    };
    network.answers['puppetca info'] = ({ target }) => ({ data: infoOf(target) });
    network.answers['provision lock_deploy'] = says({ token: 7 });
    network.answers[status] = says(statusWith());
    network.answers['rpcutil inventory'] = says({ facts: {}, classes: [], agents: ['provision'] });
    network.answers['rpcutil get_data'] = says({ disabled: false, locked: false });
    events = [];
  });
  afterEach(async () => {
    const stopping = provisioner.stop();
    await pass(0);
    silence.abort();
    mock.restoreAll();
    mock.timers.reset();
    await stopping;
    outbox.stop();
  });

  let outbox: Outbox;
  const start = async (yaml = oneStep) => {
    const { log, lines: logged } = logLines();
    lines = logged;
    const config = parseProvisionerConfig(`${nobody}\n${yaml}`);
    const onEvent = (event: ProvisionEvent) => void events.push(event);
    const pending = PendingJournal.inMemory(log);
    outbox = new Outbox({ config, journal: pending, log });
    const keeping = { pending, outbox };
    provisioner = await startProvisioner({ client: network.client, config, log, onEvent, keeping });
    await settled();
  };
  const pass = async (seconds: number) => {
    mock.timers.tick(seconds * 1000);
    for (let n = 0; n < 3; n += 1) await settled();
  };
  const arrive = async (identity = 'web1', collective = 'provisioning') => {
    present = { ...present, [collective]: [...(present[collective] ?? []), identity] };
    network.tell(identity, true);
    for (let n = 0; n < 3; n += 1) await settled();
  };
  const of = <T extends ProvisionEvent['type']>(type: T) =>
    events.filter((event): event is Extract<ProvisionEvent, { type: T }> => event.type === type);
  const looks = (collective: string) =>
    network.discoveries.filter((each) => each.collective === collective && each.onNode !== undefined).length;
  const looksAt = (identity: string) => network.of(status).filter(({ target }) => target === identity).length;

  it('says what is to be known of its configuration', async () => {
    await start('steps: { lock: true }');
    expect(lines.map(({ msg }) => msg)).to.include(
      'all steps that change a node are off: nodes are neither provisioned nor disabled',
    );
  });

  it('does nothing at all if no step changes a node', async () => {
    present = { provisioning: ['web1'] };
    await start('steps: { lock: true }');
    await arrive('web2');
    await pass(600);
    expect([network.discoveries, network.asked, network.listeners.size]).to.deep.equal([[], [], 0]);
    await provisioner.idle();
  });

  it('looks through both collectives: often for new nodes, seldom for those that were handed over', async () => {
    await start();
    expect([looks('provisioning'), looks('mcollective')]).to.deep.equal([1, 1]);
    await pass(5);
    expect([looks('provisioning'), looks('mcollective')]).to.deep.equal([2, 1]);
    for (let n = 0; n < 11; n += 1) await pass(5);
    expect([looks('provisioning'), looks('mcollective')]).to.deep.equal([13, 2]);
    const [main] = network.discoveries.filter(({ collective }) => collective === 'mcollective');
    expect(main?.filter).to.deep.include({ agents: ['provision'] });
    expect(main?.filter?.compound).to.have.length(1);
  });

  it('looks through the main collective no more often than through the other', async () => {
    await start(`${oneStep}\nsleeptime: 100`);
    await pass(60);
    expect(looks('mcollective')).to.equal(1);
    await pass(40);
    expect(looks('mcollective')).to.equal(2);
  });

  it('looks through the one collective of a network that has no other', async () => {
    await start(`${oneStep}\ncollectives: { enrolment: mcollective, main: mcollective }`);
    expect([looks('provisioning'), looks('mcollective')]).to.deep.equal([0, 1]);
  });

  it('provisions who arrives, and asks of who comes online in the main collective only what it must', async () => {
    await start();
    await arrive();
    expect(events.map(({ type }) => type)).to.include.members(['arrived', 'begun', 'done']);
    expect(of('arrived')[0]).to.include({ identity: 'web1', collective: 'provisioning' });
    // One intake is eager; presence is the same for both collectives here.
    expect(network.of('rpcutil inventory')).to.have.length(1);
    expect(provisioner.nodes()).to.deep.equal([]);
    expect(network.whats().at(-1)).to.equal('provision unlock_deploy');
  });

  for (const [yaml, kinds] of [
    ['', ['provision']],
    ['\nevents: false', []],
  ] as const) {
    it(`tells ${kinds.length === 0 ? 'nothing' : 'its events'} on the network with ${yaml.trim() || 'the defaults'}`, async () => {
      await start(`${oneStep}${yaml}`);
      await arrive();
      expect([...new Set(network.published)]).to.deep.equal(kinds);
    });
  }

  for (const mode of ['x509', 'none'] as const) {
    it(`${mode === 'none' ? 'takes any key for that of a node' : 'holds a node to its first key'} in the security mode ${mode}`, async () => {
      Object.assign(network.client, { config: { security: { mode } } });
      let count = 0;
      network.answers['provision set_puppet_host'] = () => {
        count += 1;
        return { key: `key ${count}` };
      };
      network.answers[status] = () => ({ key: 'key of the first', data: statusWith() });
      await start();
      await arrive();
      expect(of('quarantined').map(({ reason }) => reason.slice(0, 15))).to.deep.equal(
        mode === 'none' ? [] : ['another machine'],
      );
    });
  }

  it('tells that a node is done when its lease is given back', async () => {
    let giveBack = () => {};
    network.answers['provision unlock_deploy'] = () =>
      new Promise((resolve) => {
        giveBack = () => resolve({});
      });
    await start();
    await arrive();
    expect(of('done')).to.deep.equal([]);
    giveBack();
    for (let n = 0; n < 3; n += 1) await settled();
    expect(of('done')).to.have.length(1);
  });

  for (const [what, yaml] of [
    ['the step is off', `${oneStep}\nnotify: { targets: ["mailto://ops"] }`],
    ['nobody is named', `${oneStep.slice(0, -2)}, notify: true }`],
  ] as const) {
    it(`tells nobody of a node that is done if ${what}, and notes nothing of that`, async () => {
      await start(yaml);
      present.mcollective = ['puppet1', 'notify1'];
      await arrive();
      await pass(0);
      expect(of('done')).to.have.length(1);
      expect(network.of('notify sendmsg')).to.deep.equal([]);
      expect(network.of('provision record').map(({ input }) => input.step)).to.not.include('notify');
    });
  }

  it('has a node once in hand, however often it is found', async () => {
    network.answers[status] = hangs;
    await start();
    await arrive();
    for (let n = 0; n < 3; n += 1) await pass(5);
    expect(provisioner.nodes()).to.deep.equal([{ identity: 'web1', state: 'planning' }]);
    expect(looksAt('web1')).to.equal(1);
    expect(of('arrived')).to.have.length(1);
    expect(await isPending(provisioner.idle())).to.equal(true);
  });

  it('says once why a node is left alone, though it looks at it again and again, until it comes again', async () => {
    network.answers[status] = says(finished);
    present = { ...present, provisioning: ['web1'] };
    await start();
    for (let n = 0; n < 3; n += 1) await pass(5);
    expect(looksAt('web1')).to.equal(4);
    expect([of('arrived').length, of('left').length]).to.deep.equal([1, 1]);
    expect(of('left')[0]).to.include({ identity: 'web1', reason: 'already provisioned at 2030' });
    network.tell('web1', false);
    await pass(5);
    expect(of('left')).to.have.length(1);
    network.tell('web1', true);
    await pass(5);
    expect([of('arrived').length, of('left').length]).to.deep.equal([2, 2]);
  });

  it('leaves a node alone of which it has lost the lease', async () => {
    network.answers['provision set_puppet_host'] = ends('failed', 'stale');
    network.answers[status] = says(statusWith());
    await start();
    await arrive();
    expect(of('left')[0]?.reason).to.equal('lost the lease of web1: set_puppet_host on web1: stale');
    expect(provisioner.nodes()).to.deep.equal([]);
  });

  describe('with a step that fails', () => {
    beforeEach(() => {
      network.answers['provision set_puppet_host'] = ends('failed', 'out of luck');
      network.answers[status] = says({
        ...statusWith(),
        lease: { token: 7, owner: 'x', seconds: 60, expires: '' },
      });
    });
    const own = async (yaml = '') => {
      await start(`${oneStep}\nbackoff: { first: 20, most: 300 }\nsleeptime: 1000${yaml}`);
      const lease = { token: 7, owner: provisioner.owner, seconds: 60, expires: '2030-01-01T00:00:00Z' };
      network.answers[status] = says(statusWith({ lease }));
      await arrive();
    };

    it('waits as the backoff says, and tries again', async () => {
      await own();
      const reason = 'set_puppet_host on web1: out of luck';
      expect(of('waiting')[0]).to.include({ identity: 'web1', reason, seconds: 20 });
      expect(provisioner.nodes()).to.deep.equal([
        { identity: 'web1', state: 'waiting', master: 'puppet1', reason },
      ]);
      await pass(19.999);
      expect(network.of('provision set_puppet_host')).to.have.length(1);
      await pass(0.001);
      expect(network.of('provision set_puppet_host')).to.have.length(2);
    });

    it('keeps the lease meanwhile, although the node comes again', async () => {
      await own();
      network.tell('web1', true);
      await settled();
      await settled();
      expect(network.of('provision set_puppet_host')).to.have.length(1);
      expect(network.of('provision unlock_deploy')).to.deep.equal([]);
    });

    it('gives the lease back when it is stopped', async () => {
      await own();
      await provisioner.stop();
      expect(network.whats().at(-1)).to.equal('provision unlock_deploy');
      expect(provisioner.nodes()).to.deep.equal([]);
    });

    it('tells of the quarantine after the last attempt, and gives the lease back', async () => {
      network.answers['provision quarantine'] = says({ since: '2030' });
      await own('\nattempts: 1');
      expect(of('quarantined')[0]).to.deep.include({
        identity: 'web1',
        reason: 'set_puppet_hostname: set_puppet_host on web1: out of luck',
        recorded: true,
      });
      expect(network.whats().at(-1)).to.equal('provision unlock_deploy');
      expect(provisioner.nodes()).to.deep.equal([]);
    });
  });

  describe('with a node that cannot be reached', () => {
    beforeEach(() => {
      network.answers[status] = ends('no-reply', 'silence');
    });
    const silent = `${oneStep}\nbackoff: { first: 20, most: 300 }\nsleeptime: 1000`;

    it('tries again as the backoff says, longer each time', async () => {
      await start(silent);
      await arrive();
      expect(of('waiting')[0]).to.include({ reason: 'status on web1: silence', seconds: 20 });
      await pass(20);
      expect(of('waiting')[1]).to.include({ seconds: 40 });
      await pass(39.999);
      expect(looksAt('web1')).to.equal(2);
      await pass(0.001);
      expect(looksAt('web1')).to.equal(3);
    });

    it('tries again at once when it comes again', async () => {
      await start(silent);
      await arrive();
      network.answers[status] = says(statusWith());
      network.tell('web1', true);
      for (let n = 0; n < 3; n += 1) await settled();
      expect(of('done')).to.have.length(1);
    });

    it('waits without a time for one that is offline, and goes on when it is back', async () => {
      const tell = network.tell.bind(network);
      await start(silent);
      network.answers[status] = () => {
        tell('web1', false);
        return { state: 'offline', statusmsg: 'it is offline' };
      };
      await arrive();
      expect(of('waiting')[0]).to.deep.include({ identity: 'web1', reason: 'status on web1: it is offline' });
      expect(of('waiting')[0]).to.not.have.property('seconds');
      expect(provisioner.nodes()).to.deep.equal([]);
      await pass(600);
      expect(looksAt('web1')).to.equal(1);
      network.answers[status] = says(statusWith());
      network.tell('web1', true);
      for (let n = 0; n < 3; n += 1) await settled();
      expect(of('done')).to.have.length(1);
    });

    it('goes on at once where a look finds it in the main collective', async () => {
      network.answers[status] = () => {
        // The broker does not tell where it is.
        network.online.delete('web1');
        return { state: 'no-reply' };
      };
      await start(`${oneStep}\nbackoff: { first: 300, most: 300 }\nsleeptime: 60`);
      await arrive();
      expect(of('waiting')).to.have.length(1);
      present = { provisioning: [], mcollective: ['puppet1', 'web1'] };
      network.answers[status] = says(statusWith());
      await pass(60);
      expect(network.of(status).at(-1)?.options).to.include({ collective: 'mcollective' });
      expect(of('done')).to.have.length(1);
    });

    it('tries again if presence cannot be asked', async () => {
      await start(silent);
      const { presence } = network.client;
      network.answers[status] = () => {
        network.client.presence = () => Promise.reject(new Error('no broker'));
        return { state: 'no-reply' };
      };
      await arrive();
      expect(of('waiting')[0]).to.include({ seconds: 20 });
      network.client.presence = presence;
    });
  });

  describe('with a node of the main collective on which another provisioner works', () => {
    const lease = (owner: string) => ({
      owner,
      token: 3,
      seconds: 60,
      expires: new Date(1_040_000).toISOString(),
    });
    beforeEach(() => {
      present = { provisioning: [], mcollective: ['puppet1', 'web1'] };
      network.answers[status] = says(statusWith({ lease: lease('prov/2'), steps: [recorded('restart')] }));
    });

    it('looks at it as soon as the lease ends, not only when it looks through the collective', async () => {
      await start(`${oneStep}\nsleeptime: 1000`);
      expect(of('left')[0]).to.include({ reason: 'prov/2 holds its lease' });
      await pass(39.999);
      expect(looksAt('web1')).to.equal(1);
      network.answers[status] = says(finished);
      await pass(0.001);
      expect(looksAt('web1')).to.equal(2);
      await pass(600);
      expect(looksAt('web1')).to.equal(2);
    });

    it('does not look at it again if it is stopped while it looks', async () => {
      let answer = () => {};
      network.answers[status] = () =>
        new Promise((resolve) => {
          answer = () => resolve({ data: statusWith({ lease: lease('prov/2') }) });
        });
      await start(`${oneStep}\nsleeptime: 1000`);
      const stopping = provisioner.stop();
      answer();
      await stopping;
      await pass(600);
      expect(looksAt('web1')).to.equal(1);
    });

    it('does not look at it after it is stopped', async () => {
      await start(`${oneStep}\nsleeptime: 1000`);
      await provisioner.stop();
      await pass(600);
      expect(looksAt('web1')).to.equal(1);
    });

    for (const [what, yaml] of [
      ['of the enrolment collective', ''],
      ['of the only collective', '\ncollectives: { enrolment: mcollective, main: mcollective }'],
    ] as const) {
      it(`looks at one ${what} only when it looks through that`, async () => {
        if (yaml === '') present = { provisioning: ['web1'], mcollective: ['puppet1'] };
        await start(`${oneStep}\nsleeptime: 1000${yaml}`);
        await pass(600);
        expect(looksAt('web1')).to.equal(1);
      });
    }
  });

  describe('that tells people', () => {
    const telling =
      'steps: { lock: true, set_puppet_hostname: true, notify: true }\nnotify: { targets: ["mailto://ops"] }';
    beforeEach(() => {
      present = { provisioning: [], mcollective: ['puppet1', 'notify1'] };
    });
    const deliveries = () => network.of('notify sendmsg');
    const left = () => network.whats().slice(network.whats().indexOf('notify sendmsg') + 1);

    it('has the node in hand until they were told, notes that, and gives the lease back', async () => {
      let deliver = () => {};
      network.answers['notify sendmsg'] = () =>
        new Promise((resolve) => {
          deliver = () => resolve({});
        });
      present.mcollective = ['puppet1'];
      await start(telling);
      present.mcollective = ['puppet1', 'notify1'];
      await arrive();
      expect(of('done')).to.have.length(1);
      expect(provisioner.nodes()[0]).to.include({ identity: 'web1', state: 'telling' });
      const idle = provisioner.idle();
      expect(await isPending(idle)).to.equal(true);
      deliver();
      await idle;
      for (let n = 0; n < 3; n += 1) await settled();
      expect(network.of('provision record').at(-1)?.input).to.include({ step: 'notify', outcome: 'ok' });
      expect(left().slice(-2)).to.deep.equal(['provision record', 'provision unlock_deploy']);
      expect(provisioner.nodes()).to.deep.equal([]);
    });

    it('waits for them ten seconds at its end, and lets the lease end by itself then', async () => {
      let deliver = () => {};
      network.answers['notify sendmsg'] = () =>
        new Promise((resolve) => {
          deliver = () => resolve({});
        });
      present.mcollective = ['puppet1'];
      await start(telling);
      present.mcollective = ['puppet1', 'notify1'];
      await arrive();
      expect(deliveries()).to.have.length(1);
      const before = network.asked.length;
      const stopping = provisioner.stop();
      expect(await isPending(stopping)).to.equal(true);
      silence.abort();
      await stopping;
      deliver();
      await pass(600);
      expect(network.asked.slice(before)).to.deep.equal([]);
    });
  });

  it('has ended when all that it does for its nodes has', async () => {
    let giveBack = () => {};
    network.answers['provision set_puppet_host'] = hangs;
    network.answers['provision unlock_deploy'] = () =>
      new Promise((resolve) => {
        giveBack = () => resolve({});
      });
    await start();
    await arrive();
    const stopping = provisioner.stop();
    await pass(0);
    expect(await isPending(stopping)).to.equal(true);
    giveBack();
    await stopping;
    expect(network.whats().at(-1)).to.equal('provision unlock_deploy');
  });

  it('takes nobody any more when it is stopped', async () => {
    await start();
    await provisioner.stop();
    await arrive();
    await pass(600);
    expect([events, network.of(status), network.listeners.size]).to.deep.equal([[], [], 0]);
  });

  it('ends what it has begun if it cannot begin all', async () => {
    const { presence } = network.client;
    let count = 0;
    network.client.presence = async (collective) => {
      count += 1;
      if (count === 3) throw new Error('no broker');
      return presence(collective);
    };
    await start().then(
      () => expect.fail('it must fail'),
      (error: Error) => expect(error.message).to.equal('no broker'),
    );
    await pass(600);
    expect(network.listeners).to.have.property('size', 0);
    expect(looks('provisioning')).to.be.lessThan(2);
  });
});
