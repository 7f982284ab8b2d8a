import { mock } from 'node:test';
import { Status, silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseProvisionerConfig } from '../../src/index.js';
import { PendingJournal } from '../../src/journal/pending-journal.js';
import { KnownMasters } from '../../src/master/known-masters.js';
import { Masters } from '../../src/master/masters.js';
import { logLines } from '../fixtures/log-lines.js';
import { failureOf } from '../fixtures/rejection.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';

const info = {
  certname: 'puppet1.example.net',
  address: '192.0.2.1',
  port: 8140,
  ca_fingerprint: 'ab',
  ca_subject: 'CN=a',
};

describe('the masters', () => {
  let network: StubNetwork;
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
    network = new StubNetwork();
    network.nodes = ['puppet1'];
    network.answers['puppetca info'] = says(info);
    network.answers['rpcutil get_facts'] = says({ values: { region: 'eu' } });
  });
  afterEach(() => mock.timers.reset());

  const masters = (yaml = '{ criteria: [region] }', log = silentLogger) =>
    new Masters(network.peers, parseProvisionerConfig(`master: ${yaml}`).master, log);
  const looks = () => network.discoveries.length;

  it('are the nodes of the main collective that have the agent, with what they say of themselves', async () => {
    expect(await masters().list()).to.deep.equal([
      {
        identity: 'puppet1',
        facts: { region: 'eu' },
        address: '192.0.2.1',
        port: 8140,
        certname: 'puppet1.example.net',
        caFingerprint: 'ab',
        caSubject: 'CN=a',
      },
    ]);
    expect(network.discoveries[0]).to.deep.nested.include({
      collective: 'mcollective',
      'filter.agents': ['puppetca'],
    });
    for (const { options } of network.asked) {
      expect(options).to.deep.include({ targets: ['puppet1'], collective: 'mcollective', answerWithin: 3 });
    }
  });

  for (const [what, yaml, facts] of [
    ['the criteria', '{ criteria: [region, country] }', 'region,country'],
    ['the fact of the address too', '{ criteria: [region], ipaddress_fact: ip }', 'region,ip'],
    ['each fact once', '{ criteria: [region, ip], ipaddress_fact: ip }', 'region,ip'],
    ['no facts if none matter', '{}', undefined],
  ] as const) {
    it(`are asked for ${what}`, async () => {
      expect(await masters(yaml).list()).to.have.length(1);
      expect(network.of('rpcutil get_facts')[0]?.input.facts).to.equal(facts);
    });
  }

  for (const [value, address] of [
    ['198.51.100.7', '198.51.100.7'],
    ['', '192.0.2.1'],
    [7, '192.0.2.1'],
    [undefined, '192.0.2.1'],
  ] as const) {
    it(`are reached at ${address} if the fact of the address is ${JSON.stringify(value)}`, async () => {
      network.answers['rpcutil get_facts'] = says({ values: { ip: value } });
      const [master] = await masters('{ criteria: [region], ipaddress_fact: ip }').list();
      expect(master?.address).to.equal(address);
    });
  }

  it('have no facts to compare if they know none', async () => {
    network.answers['rpcutil get_facts'] = says({ values: null });
    expect((await masters().list())[0]?.facts).to.deep.equal({});
  });

  for (const [what, change, reason] of [
    ['has no CA', { ca_fingerprint: null }, 'it did not report the address of its CA, or its facts'],
    ['has no address', { address: null }, 'it did not report the address of its CA, or its facts'],
    ['has no certname', { certname: null }, 'it did not report the address of its CA, or its facts'],
    ['has no port', { port: null }, 'it did not report the address of its CA, or its facts'],
    ['does not answer', 'info', 'silence'],
    ['does not tell its facts', 'facts', 'it did not report the address of its CA, or its facts'],
  ] as const) {
    it(`are without one that ${what}, and the log says why`, async () => {
      const isIt = (target: string) => target === 'bad';
      network.nodes = ['bad', 'puppet1'];
      network.answers['puppetca info'] = ({ target }) => {
        if (isIt(target) && change === 'info') return { state: 'no-reply', statusmsg: 'silence', data: info };
        return { data: isIt(target) && typeof change !== 'string' ? { ...info, ...change } : info };
      };
      network.answers['rpcutil get_facts'] = ({ target }) =>
        isIt(target) && change === 'facts' ? { state: 'failed' } : { data: { values: {} } };
      const { log, lines } = logLines();
      const found = masters('{ criteria: [region] }', log);
      expect((await found.list()).map(({ identity }) => identity)).to.deep.equal(['puppet1']);
      expect(lines.map(({ master, reason: why }) => [master, why])).to.deep.equal([['bad', reason]]);
      expect(found.known().map(({ identity }) => identity)).to.deep.equal(['puppet1']);
    });
  }

  it('are looked for again after five seconds', async () => {
    const found = masters();
    await Promise.all([found.list(), found.list()]);
    mock.timers.tick(4_999);
    await found.list();
    expect(looks()).to.equal(1);
    mock.timers.tick(1);
    await found.list();
    expect(looks()).to.equal(2);
  });

  it('are looked for again when the list is to be forgotten', async () => {
    const found = masters();
    await found.list();
    found.forget();
    await found.list();
    expect(looks()).to.equal(2);
  });

  it('are looked for again after a look that failed', async () => {
    const found = masters();
    const { discover } = network.client;
    network.client.discover = () => Promise.reject(new Error('the broker is away'));
    await found.list().then(
      () => expect.fail('it must fail'),
      (error: Error) => expect(error.message).to.equal('the broker is away'),
    );
    network.client.discover = discover;
    expect(await found.list()).to.have.length(1);
  });

  it('fail to be listed if there is none, and are looked for again the next time', async () => {
    network.nodes = [];
    const found = masters();
    const failure = await failureOf(found.list());
    expect(failure).to.include({
      kind: 'master-away',
      message: 'no master found: no node with the agent puppetca replies in the collective mcollective',
    });
    expect(network.asked).to.deep.equal([]);
    network.nodes = ['puppet1'];
    expect(await found.list()).to.have.length(1);
  });

  const loses = (...names: readonly string[]) => {
    network.nodes = network.nodes.filter((name) => !names.includes(name));
    network.answers['puppetca info'] = ({ target }) =>
      names.includes(target) ? { state: 'no-reply', statusmsg: 'silence' } : { data: info };
  };

  for (const state of ['offline', 'no-reply', 'failed'] as const) {
    it(`are known although they are away, and since when: ${state}`, async () => {
      const found = masters();
      expect(found.known()).to.deep.equal([]);
      await found.list();
      network.nodes = state === 'failed' ? network.nodes : [];
      network.answers['puppetca info'] = ends(state);
      mock.timers.tick(7_000);
      const { message } = await failureOf(found.list());
      const since = new Date(1_007_000).toISOString();
      expect(message).to.equal(`no master replies: puppet1 has not replied since ${since}`);
      mock.timers.tick(7_000);
      expect((await failureOf(found.list())).message).to.equal(message);
      expect(found.known().map(({ identity }) => identity)).to.deep.equal(['puppet1']);
      expect(found.away()).to.deep.equal([
        { identity: 'puppet1', awaySince: 1_007_000, seen: 1_000_000, master: found.known()[0] },
      ]);
    });
  }

  it('report those that reply and did not before, once', async () => {
    const found = masters();
    const back: (readonly string[])[] = [];
    found.onBack((identities) => back.push(identities));
    await found.list();
    network.nodes = ['puppet1', 'puppet2'];
    loses('puppet2');
    found.forget();
    await found.list();
    network.nodes = ['puppet1', 'puppet2'];
    network.answers['puppetca info'] = says(info);
    found.forget();
    await found.list();
    found.forget();
    await found.list();
    expect(back).to.deep.equal([['puppet1'], ['puppet2']]);
    expect(found.away()).to.deep.equal([]);
  });

  it('are found although the search misses one that replies', async () => {
    const found = masters();
    await found.list();
    const { discover } = network.client;
    network.client.discover = async (options) => {
      const whole = await discover(options);
      return options?.among ? whole : { ...whole, nodes: [] };
    };
    found.forget();
    expect((await found.list()).map(({ identity }) => identity)).to.deep.equal(['puppet1']);
  });

  for (const [what, answer] of [
    ['the filter does not match any more', () => ({ data: info })],
    [
      'that has lost its agent',
      () => ({ state: 'failed' as const, statuscode: Status.unknownAction, ok: false }),
    ],
  ] as const) {
    it(`are without a host ${what}, which is not waited for`, async () => {
      network.nodes = ['puppet1', 'puppet2'];
      const found = masters();
      await found.list();
      network.nodes = ['puppet1'];
      network.answers['puppetca info'] = ({ target }) => (target === 'puppet2' ? answer() : { data: info });
      found.forget();
      expect(await found.list()).to.have.length(1);
      expect(found.known().map(({ identity }) => identity)).to.deep.equal(['puppet1']);
      expect([found.away(), found.missed('puppet2')]).to.deep.equal([[], undefined]);
    });
  }

  it('are as the latest look found them, although an earlier one ends after it', async () => {
    const found = masters();
    await found.list();
    found.forget();
    let endEarly = () => {};
    const isOver = new Promise<void>((resolve) => {
      endEarly = resolve;
    });
    let count = 0;
    network.answers['puppetca info'] = async (asked) => {
      count += 1;
      if (count > 1) return says(info)(asked);
      await isOver;
      return ends('no-reply')(asked);
    };
    const early = found.look();
    found.forget();
    const latest = await found.look();
    endEarly();
    expect(await early).to.equal(latest);
    expect(latest.here).to.have.length(1);
    expect(found.away()).to.deep.equal([]);
  });

  it('log why one cannot be used when that changes', async () => {
    const { log, lines } = logLines();
    const found = masters('{}', log);
    for (const statusmsg of ['silence', 'silence', 'HTTP status 503', 'silence']) {
      network.answers['puppetca info'] = ends('failed', statusmsg);
      found.forget();
      await failureOf(found.list());
    }
    expect(lines.map(({ reason }) => reason)).to.deep.equal(['silence', 'HTTP status 503', 'silence']);
  });

  describe('in the journal', () => {
    const remembering = (journal: PendingJournal) =>
      new Masters(
        network.peers,
        parseProvisionerConfig('master: { criteria: [region] }').master,
        silentLogger,
        new KnownMasters(journal),
      );
    let folder: TempFolder;
    beforeEach(async () => {
      folder = await createTempFolder({ prefix: 'masters' });
    });
    afterEach(() => folder.close());
    const opened = () => PendingJournal.open(folder.join('pending'), silentLogger);

    it('are known after a restart of the provisioner, with their facts and since when they are away', async () => {
      const journal = opened();
      const before = remembering(journal);
      const [master] = await before.list();
      loses('puppet1');
      before.forget();
      await failureOf(before.list());
      await journal.close();
      const second = opened();
      const after = remembering(second);
      expect(after.known()).to.deep.equal([master]);
      expect(after.away()).to.deep.equal(before.away()).and.to.have.length(1);
      await second.close();
    });

    it('are forgotten 30 days after they were last seen', async () => {
      const journal = opened();
      const before = remembering(journal);
      await before.list();
      expect(before.missed('puppet7')).to.equal(1_000_000);
      await journal.close();
      for (const [days, names] of [
        [29, ['puppet1', 'puppet7']],
        [31, ['puppet1']],
      ] as const) {
        const again = opened();
        const found = new KnownMasters(again, 1_000_000 + days * 86_400_000);
        expect(found.list().map(({ identity }) => identity)).to.deep.equal(names);
        await again.close();
      }
    });
  });

  for (const [state, isAlive] of [
    ['ok', true],
    ['failed', false],
    ['no-reply', false],
  ] as const) {
    it(`are ${isAlive ? 'alive' : 'away'} if they are asked and the answer is ${state}`, async () => {
      network.answers['puppetca info'] = ends(state);
      expect(await masters().isAlive('puppet7')).to.equal(isAlive);
      expect(network.asked[0]).to.deep.nested.include({ target: 'puppet7', 'options.answerWithin': 3 });
    });
  }
});
