import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RequestJournal } from '../../src/daemon/request-journal.js';
import { skip } from '../skip.js';

const id = (index: number) => index.toString(16).padStart(32, '0');
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

  it('rewrites its file when most of it is of the past', () => {
    const journal = open();
    for (let index = 0; index < 10_500; index += 1) journal.add(id(index), 0, 2 * hour + index * 60_000);
    expect(readFileSync(file, 'utf8').split('\n').length).to.be.lessThan(1000);
    journal.close();
  });

  it('holds one file open, however many journals there are', () => {
    const journals = Array.from(
      { length: 200 },
      (_, index) => new RequestJournal({ file: `${file}.${index}`, most: 10 }),
    );
    const openBefore = handles();
    for (const [index, journal] of journals.entries()) journal.add(id(index), Date.now(), Date.now());
    for (const [index, journal] of journals.entries()) journal.add(id(index + 1000), Date.now(), Date.now());
    if (openBefore !== undefined) expect((handles() ?? 0) - openBefore).to.be.lessThan(70);
    const [first] = journals;
    expect(readFileSync(`${file}.0`, 'utf8').split('\n')).to.have.length(3);
    expect(first?.has(id(1000))).to.equal(true);
    for (const journal of journals) journal.close();
    if (openBefore !== undefined) expect(handles()).to.be.at.most(openBefore);
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

function handles(): number | undefined {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : undefined;
}
