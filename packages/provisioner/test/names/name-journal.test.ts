import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { NameJournal } from '../../src/names/name-journal.js';
import { logLines } from '../fixtures/log-lines.js';

const hour = 3_600_000;

describe('the journal of names', () => {
  let folder: TempFolder;
  let file: string;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'journal' });
    file = folder.join('state/provisioner.journal');
  });
  afterEach(() => folder.close());

  const opened = (most?: number) => NameJournal.open(file, silentLogger, most === undefined ? {} : { most });
  const lines = () => readFileSync(file, 'utf8').split('\n').length - 1;

  it('is created once, for its owner alone, and has seen no name', () => {
    NameJournal.create(file);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const journal = opened();
    expect([journal.isLost, journal.isCut, journal.get('web1')]).to.deep.equal([false, false, undefined]);
    expect(() => NameJournal.create(file))
      .to.throw(`cannot create the journal ${file}: it exists already`)
      .with.property('code', 'FILE_UNREADABLE');
  });

  it('remembers over a restart who was seen and who was given a name', () => {
    NameJournal.create(file);
    const before = opened();
    before.see(['web1', 'web2'], 1000);
    before.assign({ name: 'web1', time: 2000, key: 'k1' });
    const after = opened();
    expect(after.get('web1')).to.deep.equal({ name: 'web1', time: 2000, key: 'k1' });
    expect(after.get('web2')).to.deep.equal({ name: 'web2', time: 1000 });
    expect(after.isLost).to.equal(false);
  });

  it('keeps the key of a machine that is seen again, and notes it once in an hour', () => {
    NameJournal.create(file);
    const journal = opened();
    journal.assign({ name: 'web1', time: 0, key: 'k1' });
    const before = lines();
    journal.see(['web1'], hour - 1);
    expect(lines()).to.equal(before);
    journal.see(['web1'], hour);
    expect(lines()).to.equal(before + 1);
    expect(opened().get('web1')).to.deep.equal({ name: 'web1', time: hour, key: 'k1' });
  });

  it('is lost if it is missing, and still lost after a restart, until it is settled', () => {
    const { log, lines: logged } = logLines();
    expect(NameJournal.open(file, log).isLost).to.equal(true);
    expect(logged.map(({ reason }) => reason)).to.deep.equal(['there is no journal']);
    const again = opened();
    expect(again.isLost).to.equal(true);
    again.settle();
    expect([again.isLost, opened().isLost]).to.deep.equal([false, false]);
  });

  const flipped = (text: string, at: number) => {
    const bytes = Buffer.from(text);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  for (const [what, damage, kept] of [
    ['it is empty', () => truncateSync(file), []],
    ['it has other bytes', () => writeFileSync(file, Buffer.alloc(500, 0)), []],
    ['its first line is gone', () => cut(0), []],
    ['a line in the middle is gone', () => cut(1), ['web2', 'web3']],
    ['one bit of the first line is flipped', () => writeFileSync(file, flipped(text(), 5)), []],
    [
      'one bit of a name is flipped',
      () => writeFileSync(file, flipped(text(), text().indexOf('web1') + 3)),
      ['web2', 'web3'],
    ],
    [
      'another process wrote to it',
      () => appendFileSync(file, `${text().split('\n')[1]}\n`),
      ['web1', 'web2', 'web3'],
    ],
  ] as const) {
    it(`is lost if ${what}, and keeps what can be read`, () => {
      NameJournal.create(file);
      const before = opened();
      for (const name of ['web1', 'web2', 'web3']) before.see([name], 1000);
      damage();
      const { log, lines: logged } = logLines();
      const after = NameJournal.open(file, log);
      expect(after.isLost).to.equal(true);
      expect(['web1', 'web2', 'web3'].filter((name) => after.get(name) !== undefined)).to.deep.equal(kept);
      expect(logged[0]?.msg).to.include('the journal of names was lost');
    });
  }
  const text = () => readFileSync(file, 'utf8');
  const cut = (line: number) => {
    const all = text().split('\n');
    all.splice(line, 1);
    writeFileSync(file, all.join('\n'));
  };

  it('is not lost if a power cut tore its last line', () => {
    NameJournal.create(file);
    const before = opened();
    before.see(['web1'], 1000);
    appendFileSync(file, '{"name":"we');
    const after = opened();
    expect([after.isLost, after.get('web1')?.time]).to.deep.equal([false, 1000]);
    after.see(['web2'], 1000);
    expect(opened().get('web2')?.time).to.equal(1000);
  });

  it('gives no name that the disk does not take, and sees no host that it could not note', () => {
    NameJournal.create(file);
    const journal = opened();
    rmSync(file);
    rmSync(folder.join('state'), { recursive: true });
    writeFileSync(folder.join('state'), '');
    expect(() => journal.assign({ name: 'web1', time: 0 })).to.throw(/ENOTDIR/);
    journal.see(['web2'], 0);
    expect([journal.get('web1'), journal.get('web2')]).to.deep.equal([undefined, undefined]);
  });

  it('can be written again when the cause is gone, with all that it had', () => {
    NameJournal.create(file);
    const journal = opened();
    journal.see(['web1'], 1000);
    rmSync(folder.join('state'), { recursive: true });
    expect(() => journal.assign({ name: 'web2', time: 0 })).to.throw(/ENOENT/);
    NameJournal.create(file);
    journal.assign({ name: 'web2', time: 1000 });
    const after = opened();
    expect([after.isLost, after.get('web1')?.time, after.get('web2')?.time]).to.deep.equal([
      false,
      1000,
      1000,
    ]);
  });

  it('starts without a file where it cannot make one, and counts as lost', () => {
    writeFileSync(folder.join('state'), '');
    const journal = opened();
    expect(journal.isLost).to.equal(true);
    expect(() => journal.assign({ name: 'web1', time: 0 })).to.throw(/ENOTDIR/);
  });

  it('drops the names seen longest ago when it is full, and knows over a restart that it did', () => {
    NameJournal.create(file);
    const journal = opened(3);
    journal.see(['a', 'b', 'c'], 0);
    expect(journal.isCut).to.equal(false);
    journal.see(['a', 'd'], hour);
    expect(['a', 'b', 'c', 'd'].filter((name) => journal.get(name))).to.deep.equal(['a', 'c', 'd']);
    journal.assign({ name: 'd', time: hour });
    for (const each of [journal, opened(3)]) {
      expect(each.isCut).to.equal(true);
      expect(each.get('b')).to.equal(undefined);
      expect(each.get('a')?.time).to.equal(hour);
    }
  });

  it('remembers over a restart which receipts were revoked, until they have expired', () => {
    NameJournal.create(file);
    const journal = opened();
    journal.revoke('s1', 1000);
    expect([journal.isRevoked('s1'), journal.isRevoked('s2')]).to.deep.equal([true, false]);
    const month = 30 * 24 * hour;
    const at = (now: number) => NameJournal.open(file, silentLogger, { now }).isRevoked('s1');
    expect([at(month), at(1000 + month), at(1000)]).to.deep.equal([true, false, false]);
  });

  it('does not grow with every hour of the same hosts', () => {
    NameJournal.create(file);
    const journal = opened();
    const names = Array.from({ length: 1000 }, (_, index) => `web${index}`);
    for (let time = 0; time < 20; time += 1) journal.see(names, time * hour);
    expect(lines()).to.be.below(14_001);
    expect(opened().get('web999')?.time).to.equal(19 * hour);
  });
});
