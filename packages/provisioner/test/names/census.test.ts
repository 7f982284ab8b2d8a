import { mock } from 'node:test';
import type { Event } from '@troupe/client';
import { silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Census } from '../../src/names/census.js';
import { NameJournal } from '../../src/names/name-journal.js';
import { StubNetwork, settled } from '../fixtures/stub-network.js';

describe('the census of names', () => {
  let folder: TempFolder;
  let network: StubNetwork;
  let census: Census;
  let journal: NameJournal;
  let now: number;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'census' });
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    now = 5_000_000;
    network = new StubNetwork({ isSecure: true });
    network.nodes = ['web1'];
  });
  afterEach(async () => {
    await census.stop();
    mock.timers.reset();
    await folder.close();
  });
  const start = async ({ isLost = false, main = 'mcollective' } = {}) => {
    const file = folder.join('journal');
    if (!isLost) NameJournal.create(file);
    journal = NameJournal.open(file, silentLogger);
    const peers = { ...network.peers, main };
    const given = { peers, journal, replaceAfterSeconds: 600, log: silentLogger, now: () => now };
    census = new Census(given);
    await census.start();
    await settled();
  };
  const pass = async (seconds: number) => {
    for (let left = seconds; left > 0; left -= 10) {
      now += 10_000;
      mock.timers.tick(10_000);
      await settled();
    }
  };
  const tell = (type: string, certname: unknown, sender = 'other.mcollective', kind = 'provision') => {
    const event = { kind, sender, data: { type, report: { certname } } } as unknown as Event;
    for (const listener of network.eventListeners) listener(event);
  };

  it('notes at the start and every hour who replies in the main collective', async () => {
    await start();
    expect(network.discoveries[0]).to.include({ collective: 'mcollective' });
    expect(journal.get('web1')?.time).to.equal(1_000_000);
    network.nodes = ['web1', 'web2'];
    await pass(3590);
    expect(journal.get('web2')).to.equal(undefined);
    await pass(10);
    expect(journal.get('web2')).to.not.equal(undefined);
  });

  it('notes whom another provisioner has provisioned, and believes that of callers only', async () => {
    await start();
    tell('done', 'web5');
    tell('done', 'web6', 'web1.example.net');
    tell('begun', 'web7');
    tell('done', 'web8', 'other.mcollective', 'other');
    tell('done', 7);
    expect(['web5', 'web6', 'web7', 'web8'].filter((name) => journal.get(name))).to.deep.equal(['web5']);
  });

  it('looks more often after a loss, and ends it when it has looked after the time', async () => {
    await start({ isLost: true });
    expect([journal.isLost, census.lostFor()]).to.deep.equal([true, 600]);
    network.nodes = ['web2'];
    await pass(150);
    expect(journal.get('web2')).to.not.equal(undefined);
    await pass(440);
    expect([journal.isLost, census.lostFor()]).to.deep.equal([true, 10]);
    await pass(20);
    expect(journal.isLost).to.equal(false);
  });

  it('begins the time after a loss again when the connection was lost', async () => {
    await start({ isLost: true });
    await pass(500);
    for (const listener of network.connectListeners) listener();
    await pass(500);
    expect([journal.isLost, census.lostFor()]).to.deep.equal([true, 100]);
    await pass(110);
    expect(journal.isLost).to.equal(false);
  });

  it('does not end a loss while it cannot look', async () => {
    network.client.discover = () => Promise.reject(new Error('no broker'));
    await start({ isLost: true });
    await pass(1200);
    expect(journal.isLost).to.equal(true);
  });

  it('looks at nobody in a network with one collective for all, where machines without a certificate reply', async () => {
    await start({ isLost: true, main: 'provisioning' });
    await pass(590);
    expect([network.discoveries, journal.isLost]).to.deep.equal([[], true]);
    await pass(20);
    expect(journal.isLost).to.equal(false);
  });
});
