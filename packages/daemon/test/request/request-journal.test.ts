import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFiles, skip, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RequestJournal } from '../../src/request/request-journal.js';

const id = (index: number) => index.toString(16).padStart(32, '0');
const minute = 60_000;
const hour = 3_600_000;

describe('RequestJournal', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    file = join(folder, 'requests.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (most = 1000) => new RequestJournal({ file, most });

  it('remembers an id for an hour longer than its request could begin, and over a restart', () => {
    const now = Date.now();
    const journal = open();
    journal.add(id(1), now + 60_000, now);
    journal.add(id(2), now + 60_000, now + hour);
    expect([journal.has(id(1)), open().has(id(1))]).to.deep.equal([true, true]);
    journal.add(id(3), now + 3 * hour, now + 2 * hour);
    expect([journal.has(id(1)), journal.has(id(2)), journal.has(id(3))]).to.deep.equal([false, false, true]);
    journal.close();
  });

  it('has no room when it is full of requests that could still come again, and makes room of the others', () => {
    const journal = open(3);
    for (const index of [1, 2]) journal.add(id(index), 60_000, 0);
    journal.add(id(3), hour, 0);
    expect(journal.hasRoom(1000)).to.equal(false);
    expect(journal.hasRoom(5 * 60_000)).to.equal(true);
    expect([1, 2, 3].map((index) => journal.has(id(index)))).to.deep.equal([false, false, true]);
    journal.close();
  });

  it('forgets an id an hour after the last minute in which its request could begin', () => {
    for (const [now, isKept] of [
      [2 * minute + hour, true],
      [2 * minute + hour + 1, false],
    ] as const) {
      const journal = open();
      journal.add(id(1), minute, 0);
      journal.add(id(2), 10 * hour, now);
      expect(journal.has(id(1)), `${now}`).to.equal(isKept);
      journal.close();
      rmSync(file);
    }
  });

  it('removes old ids once a minute, and after the clock was set back', () => {
    const journal = open();
    journal.add(id(1), -2 * hour, 0);
    journal.add(id(2), 20 * hour, minute - 1);
    expect(journal.has(id(1))).to.equal(true);
    journal.add(id(3), 20 * hour, minute);
    expect(journal.has(id(1))).to.equal(false);
    journal.add(id(4), 20 * hour, 10 * hour);
    journal.add(id(5), 7 * hour, 10 * hour);
    journal.add(id(6), 20 * hour, 10 * hour + minute - 1);
    expect(journal.has(id(5))).to.equal(true);
    journal.add(id(7), 20 * hour, 9 * hour);
    expect(journal.has(id(5))).to.equal(false);
    journal.close();
  });

  it('removes expired ids early only if it is full', () => {
    const journal = open(2);
    journal.add(id(1), minute, 0);
    expect(journal.hasRoom(hour)).to.equal(true);
    expect(journal.has(id(1))).to.equal(true);
    journal.add(id(2), hour, 0);
    expect(journal.hasRoom(2 * minute)).to.equal(false);
    expect(journal.hasRoom(2 * minute + 1)).to.equal(true);
    expect([journal.has(id(1)), journal.has(id(2))]).to.deep.equal([false, true]);
    journal.close();
  });

  it('keeps valid, unexpired lines at its start, readable by the daemon only', () => {
    const now = Date.now();
    const kept = { id: id(1), until: now - 30 * minute };
    const lines = [
      JSON.stringify({ id: id(2), until: now - 62 * minute }),
      JSON.stringify(kept),
      'nonsense',
      'null',
      '',
      JSON.stringify({ id: 3, until: now + hour }),
      JSON.stringify({ id: id(4), until: `${now + hour}` }),
      JSON.stringify({ id: id(5), until: now + hour }).slice(0, -1),
    ];
    writeFileSync(file, lines.join('\n'));
    const journal = open();
    expect([1, 2, 3, 4, 5].map((index) => journal.has(id(index)))).to.deep.equal([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(readFileSync(file, 'utf8')).to.equal(`${JSON.stringify(kept)}\n`);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    journal.add(id(6), now + hour, now);
    journal.close();
    expect(readFileSync(file, 'utf8').split('\n')).to.have.length(3);
  });

  it('throws if its file cannot be read', () => {
    mkdirSync(file);
    expect(() => open()).to.throw('EISDIR');
  });

  it('compacts its file at 10,000 lines more than twice its ids', () => {
    const journal = open();
    const lines = () => readFileSync(file, 'utf8').split('\n').length - 1;
    for (let times = 0; times < 10_002; times += 1) journal.add(id(1), hour, 0);
    expect(lines()).to.equal(10_002);
    journal.add(id(2), hour, 0);
    expect(lines()).to.equal(2);
    for (let times = 0; times < 10_002; times += 1) journal.add(id(1), hour, 0);
    expect(lines()).to.equal(10_004);
    journal.add(id(1), hour, 0);
    expect(lines()).to.equal(3);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    journal.close();
  });

  it('holds 64 files open, however many journals there are', () => {
    const journals = Array.from(
      { length: 200 },
      (_, index) => new RequestJournal({ file: `${file}.${index}`, most: 10 }),
    );
    for (const [index, journal] of journals.entries()) journal.add(id(index), Date.now(), Date.now());
    for (const [index, journal] of journals.entries()) journal.add(id(index + 1000), Date.now(), Date.now());
    const open = openFiles(folder);
    if (open) expect(open).to.have.length(64).and.include(`${file}.199`);
    const [first] = journals;
    expect(readFileSync(`${file}.0`, 'utf8').split('\n')).to.have.length(3);
    expect(first?.has(id(1000))).to.equal(true);
    for (const journal of journals) journal.close();
    if (open) expect(openFiles(folder)).to.deep.equal([]);
  });

  it('flushes for many at once, and for those that come in the meantime again', async () => {
    const journal = open();
    journal.add(id(1), hour, 0);
    const first = journal.flush();
    expect(journal.flush()).to.equal(first);
    await Promise.resolve();
    await Promise.resolve();
    journal.add(id(2), hour, 0);
    const second = journal.flush();
    expect(second).to.not.equal(first);
    await Promise.all([first, second]);
    journal.close();
  });

  it('closes its file at once if no flush is pending', async () => {
    const journal = open();
    journal.add(id(1), hour, 0);
    await journal.flush();
    if (openFiles(folder)) expect(openFiles(folder)).to.deep.equal([file]);
    journal.close();
    if (openFiles(folder)) expect(openFiles(folder)).to.deep.equal([]);
  });

  it('closes its file only after a pending flush', async () => {
    const journal = open();
    journal.add(id(1), hour, 0);
    const flushed = journal.flush();
    await Promise.resolve();
    await Promise.resolve();
    journal.close();
    await flushed;
    if (openFiles(folder)) await until('its file is closed', () => openFiles(folder)?.length === 0);
  });

  it('rejects a failed flush, and flushes later ones', async () => {
    const journal = open();
    // What cannot be flushed: EINVAL.
    symlinkSync('/dev/null', file);
    journal.add(id(1), hour, 0);
    const failed = await journal.flush().catch((error: Error) => error);
    expect(failed).to.be.instanceOf(Error).with.property('code', 'EINVAL');
    journal.close();
    rmSync(file);
    journal.add(id(2), hour, 0);
    await journal.flush();
    journal.close();
    expect(readFileSync(file, 'utf8')).to.equal(`${JSON.stringify({ id: id(2), until: hour })}\n`);
  });

  it('does not mistake a programming error for a disk error', () => {
    const journal = open();
    expect(() => journal.addIfPossible(id(1), 1n as never, 0)).to.throw(TypeError);
    expect(journal.has(id(1))).to.equal(false);
  });

  it('has ids of what only reads on disk at once, too', () => {
    const now = Date.now();
    open().addIfPossible(id(1), now + hour, now);
    expect(open().has(id(1))).to.equal(true);
  });

  it('remembers ids of what only reads in memory where the disk is full', function () {
    if (!existsSync('/dev/full')) skip(this, 'there is no /dev/full here');
    const journal = open();
    const now = Date.now();
    symlinkSync('/dev/full', file);
    journal.addIfPossible(id(1), now + hour, now);
    journal.close();
    expect(journal.has(id(1))).to.equal(true);
    rmSync(file);
    expect(open().has(id(1))).to.equal(false);
  });

  it('loses no id beside the one that a full disk tore', function () {
    if (!existsSync('/dev/full')) skip(this, 'there is no /dev/full here');
    const now = Date.now();
    const journal = open();
    journal.add(id(1), now + hour, now);
    journal.close();
    rmSync(file);
    symlinkSync('/dev/full', file);
    expect(() => journal.add(id(2), now + hour, now)).to.throw('ENOSPC');
    expect(journal.has(id(2))).to.equal(false);
    journal.close();
    rmSync(file);
    appendFileSync(file, '{"id":"000');
    journal.add(id(3), now + hour, now);
    journal.close();
    expect(open().has(id(3))).to.equal(true);
  });
});
