import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PendingJournal, type PendingKind } from '../../src/journal/pending-journal.js';
import { logLines } from '../fixtures/log-lines.js';

interface Debt {
  readonly since: number;
  readonly by?: string;
}

const read = ({ since, by }: Readonly<Record<string, unknown>>): Debt | undefined =>
  typeof since === 'number' ? { since, ...(typeof by === 'string' ? { by } : {}) } : undefined;

describe('the journal of pending matters', () => {
  let folder: TempFolder;
  let file: string;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'pending' });
    file = folder.join('state/provisioner.journal.pending');
  });
  afterEach(() => folder.close());

  const debtsOf = (journal: PendingJournal, limits = {}) =>
    journal.entries<Debt>('debts', { most: 1000, mostBytes: 1_000_000, read, ...limits });
  const onDisk = (kind: PendingKind = 'debts') => {
    const journal = PendingJournal.open(file, silentLogger);
    return [...journal.entries<Debt>(kind, { most: 1000, mostBytes: 1_000_000, read }).entries()];
  };
  const lineCount = () => readFileSync(file, 'utf8').split('\n').length - 1;
  const filled = async (count: number) => {
    const journal = PendingJournal.open(file, silentLogger);
    const debts = debtsOf(journal);
    for (let since = 1; since <= count; since += 1) debts.set(`web${since}`, { since });
    await journal.close();
  };

  it('remembers over a restart what was set and not deleted, for its owner alone', async () => {
    const journal = PendingJournal.open(file, silentLogger);
    const debts = debtsOf(journal);
    debts.set('web1', { since: 1 });
    debts.set('web2', { since: 2 });
    await journal.saved();
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    debts.set('web1', { since: 3 });
    expect(debts.delete('web2')).to.equal(true);
    expect(debts.delete('web2')).to.equal(false);
    await journal.close();
    expect(onDisk()).to.deep.equal([['web1', { since: 3 }]]);
  });

  it('keeps the kinds apart, and what nobody has asked for since the start', async () => {
    const journal = PendingJournal.open(file, silentLogger);
    debtsOf(journal).set('web1', { since: 1 });
    journal.entries<Debt>('messages', { most: 9, mostBytes: 999, read }).set('web1', { since: 2 });
    await journal.close();
    const second = PendingJournal.open(file, silentLogger);
    debtsOf(second).set('web9', { since: 9 });
    await second.close();
    expect(onDisk('messages')).to.deep.equal([['web1', { since: 2 }]]);
    expect(onDisk('arrivals')).to.deep.equal([]);
    expect(onDisk()).to.deep.equal([
      ['web1', { since: 1 }],
      ['web9', { since: 9 }],
    ]);
  });

  it('lists the entry that was set longest ago first', async () => {
    await filled(3);
    const journal = PendingJournal.open(file, silentLogger);
    debtsOf(journal).set('web1', { since: 4 });
    await journal.close();
    expect(onDisk().map(([key]) => key)).to.deep.equal(['web2', 'web3', 'web1']);
  });

  it('adds lines instead of writing the file each time, until it has many lines for few entries', async () => {
    const journal = PendingJournal.open(file, silentLogger);
    const debts = debtsOf(journal);
    debts.set('web1', { since: 0 });
    await journal.saved();
    const { ino } = statSync(file);
    debts.set('web1', { since: 1 });
    await journal.saved();
    expect([statSync(file).ino, lineCount()]).to.deep.equal([ino, 3]);
    for (let since = 0; since < 1000; since += 1) debts.set(`web${since}`, { since });
    await journal.saved();
    for (const each of [1, 2, 3]) {
      for (let since = 0; since < 1000; since += 1) debts.set(`web${since}`, { since: since + each });
      await journal.saved();
    }
    expect(lineCount()).to.equal(1001);
    await journal.close();
  });

  it('removes the oldest entry if there are too many, counts it, and logs the first', async () => {
    const { log, lines } = logLines();
    const journal = PendingJournal.open(file, log);
    const debts = debtsOf(journal, { most: 2 });
    for (const since of [1, 2, 3, 4]) debts.set(`web${since}`, { since });
    expect([...debts.entries()].map(([key]) => key)).to.deep.equal(['web3', 'web4']);
    expect([debts.size, debts.dropped]).to.deep.equal([2, 2]);
    expect(lines.map(({ msg, kind }) => [kind, msg])).to.deep.equal([
      ['debts', 'the journal is full: the oldest entries are removed'],
    ]);
    await journal.close();
    expect(onDisk().map(([key]) => key)).to.deep.equal(['web3', 'web4']);
  });

  it('removes the oldest entry of the owner that has most, by number and by bytes', async () => {
    const ownerOf = ({ by = '' }: Debt) => by;
    for (const limits of [
      { most: 3, ownerOf },
      { mostBytes: 300, ownerOf },
    ]) {
      const journal = PendingJournal.inMemory(silentLogger);
      const debts = debtsOf(journal, limits);
      debts.set('quiet', { since: 0, by: 'quiet' });
      for (const since of [1, 2, 3, 4, 5, 6]) debts.set(`web${since}`, { since, by: 'loud' });
      const keys = [...debts.entries()].map(([key]) => key);
      expect(keys[0]).to.equal('quiet');
      expect(keys.at(-1)).to.equal('web6');
      expect(keys).to.not.include('web1');
      await journal.close();
    }
  });

  const text = () => readFileSync(file, 'utf8');
  for (const [what, damage, kept] of [
    ['it is empty', () => truncateSync(file), []],
    ['it has other bytes', () => writeFileSync(file, Buffer.alloc(500, 0)), []],
    ['its first line is missing', () => writeFileSync(file, text().replace(/^.*\n/, '')), []],
    [
      'one letter of a line has changed',
      () => writeFileSync(file, text().replace('web2', 'web7')),
      ['web1', 'web3'],
    ],
    [
      'a line in the middle is missing',
      () => writeFileSync(file, text().replace(/^.*web2.*\n/m, '')),
      ['web1'],
    ],
  ] as const) {
    it(`logs the damage, renames the file and uses what is sound, if ${what}`, async () => {
      await filled(3);
      damage();
      const damaged = readFileSync(file);
      const { log, lines } = logLines();
      const journal = PendingJournal.open(file, log);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include({ level: 50, file }).and.to.have.property('reason');
      expect(lines[0]?.msg).to.include(`it is kept as ${file}.damaged`);
      expect(readFileSync(`${file}.damaged`)).to.deep.equal(damaged);
      // Written again although nobody asked for its entries.
      await journal.close();
      const again = logLines();
      const second = PendingJournal.open(file, again.log);
      expect([...debtsOf(second).entries()].map(([key]) => key)).to.deep.equal(kept);
      expect(again.lines).to.deep.equal([]);
      await second.close();
    });
  }

  it('ignores a line that a power cut has torn', async () => {
    await filled(2);
    appendFileSync(file, '{"kind":"debts","key":"we');
    const { log, lines } = logLines();
    const journal = PendingJournal.open(file, log);
    const debts = debtsOf(journal);
    debts.set('web3', { since: 3 });
    await journal.close();
    expect([lines.length, existsSync(`${file}.damaged`)]).to.deep.equal([0, false]);
    expect(onDisk().map(([key]) => key)).to.deep.equal(['web1', 'web2', 'web3']);
  });

  it('drops entries of another version that are not understood, and logs their number', async () => {
    const journal = PendingJournal.open(file, silentLogger);
    journal.entries('debts', { most: 9, mostBytes: 999, read: () => undefined }).set('web1', { until: 1 });
    debtsOf(PendingJournal.inMemory(silentLogger)).set('web2', { since: 1 });
    await journal.close();
    const { log, lines } = logLines();
    const second = PendingJournal.open(file, log);
    expect(debtsOf(second).size).to.equal(0);
    expect(lines.map(({ kind, entries }) => [kind, entries])).to.deep.equal([['debts', 1]]);
    await second.close();
  });

  it('keeps everything in memory while the disk refuses it, says so once, and writes it later', async () => {
    const { log, lines } = logLines();
    writeFileSync(folder.join('state'), 'in the way');
    const journal = PendingJournal.open(file, log);
    const debts = debtsOf(journal);
    debts.set('web1', { since: 1 });
    await journal.saved().then(
      () => expect.fail('was saved'),
      (error: NodeJS.ErrnoException) => expect(error.code).to.equal('EEXIST'),
    );
    expect(debts.get('web1')).to.deep.equal({ since: 1 });
    rmSync(folder.join('state'));
    debts.set('web2', { since: 2 });
    await journal.saved();
    await journal.close();
    expect(onDisk().map(([key]) => key)).to.deep.equal(['web1', 'web2']);
    expect(lines.filter(({ level }) => level === 50).length).to.be.at.most(2);
  });

  it('has nothing on disk if it is only in memory', async () => {
    const journal = PendingJournal.inMemory(silentLogger);
    debtsOf(journal).set('web1', { since: 1 });
    await journal.close();
    expect(existsSync(file)).to.equal(false);
  });

  it('knows while it cannot be written', async () => {
    const journal = PendingJournal.open(file, silentLogger);
    const debts = debtsOf(journal);
    debts.set('web1', { since: 1 });
    await journal.saved();
    expect(journal.isFailing).to.equal(false);
    rmSync(folder.join('state'), { recursive: true });
    writeFileSync(folder.join('state'), 'not a folder');
    debts.set('web2', { since: 2 });
    await waitFor('the failure', () => journal.isFailing);
    await journal.close();
  });
});
