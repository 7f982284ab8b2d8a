import { silentLogger } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Debts, wordsOfDebt } from '../../src/debts/debts.js';
import { PendingJournal } from '../../src/journal/pending-journal.js';

const debt = {
  certname: 'web1.example.net',
  identity: 'web1',
  master: 'puppet1',
  ca: 'ab',
  since: 1000,
  reason: 'puppet1 has not replied since 2030',
};

describe('the debts of a provisioner', () => {
  it('are remembered over a restart, until they are settled', async () => {
    const folder = await createTempFolder({ prefix: 'debts' });
    const opened = () => PendingJournal.open(folder.join('pending'), silentLogger);
    const journal = opened();
    new Debts(journal).add(debt);
    await journal.close();
    const second = opened();
    const debts = new Debts(second);
    expect(debts.list()).to.deep.equal([debt]);
    debts.settle(debt);
    await second.close();
    const third = opened();
    expect(new Debts(third).size).to.equal(0);
    await third.close();
    await folder.close();
  });

  it('keep the time of the first, with the newest reason, once for each name and CA', () => {
    const debts = new Debts(PendingJournal.inMemory(silentLogger));
    debts.add(debt);
    debts.add({ ...debt, master: 'puppet2', since: 2000, reason: 'HTTP status 503' });
    debts.add({ ...debt, certname: 'web2.example.net' });
    expect(debts.list()).to.have.deep.members([
      { ...debt, master: 'puppet2', reason: 'HTTP status 503' },
      { ...debt, certname: 'web2.example.net' },
    ]);
  });

  it('are settled by the name of the master too, if its CA was not known when they arose', () => {
    const debts = new Debts(PendingJournal.inMemory(silentLogger));
    const { ca, ...unknown } = debt;
    debts.add(unknown);
    debts.settle({ ...unknown, ca });
    expect(debts.size).to.equal(0);
  });

  it('are described in one sentence', () => {
    expect(wordsOfDebt(debt)).to.equal(
      'certificates of web1.example.net have to be removed from the CA of puppet1 since 1970-01-01T00:00:01.000Z: puppet1 has not replied since 2030',
    );
  });
});
