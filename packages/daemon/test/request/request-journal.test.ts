import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
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
import { silentLogger } from '@troupe/core';
import { sealLine } from '@troupe/core/internal';
import { openFiles, skip, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RequestJournal } from '../../src/request/request-journal.js';
import { keptLog } from '../agents/external/actor.js';

const id = (index: number) => index.toString(16).padStart(32, '0');
const caller = 'rip.mcollective';
const of = (index: number) => ({ caller, id: id(index) });
const other = 'ann.mcollective';
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

  /** A clock of the host, which can be set, and one that nobody sets. */
  const clock = { now: 0, monotonic: 0 };
  const pass = (ms: number) => {
    clock.now += ms;
    clock.monotonic += ms;
  };
  beforeEach(() => Object.assign(clock, { now: Date.parse('2026-11-30T12:00:00Z'), monotonic: 5000 }));

  const open = (most = 1000, log = silentLogger) =>
    new RequestJournal({
      file,
      most,
      log,
      now: () => clock.now,
      monotonic: () => clock.monotonic,
    });
  const add = (journal: RequestJournal, index: number, ttl = minute) =>
    journal.add(of(index), { time: clock.now, until: clock.now + ttl }, clock.now);
  const knows = (journal: RequestJournal, ...indices: number[]) =>
    indices.map((index) => journal.has(of(index)));
  const doubts = (journal: RequestJournal, time: number, ttl = minute) =>
    journal.doubtOf({ time, until: time + ttl }, clock.now) !== undefined;

  it('remembers an id for an hour longer than its request could begin, and over a restart', () => {
    const journal = open();
    add(journal, 1);
    pass(minute + hour);
    add(journal, 2);
    journal.close();
    expect([knows(journal, 1, 2), knows(open(), 1, 2)]).to.deep.equal([
      [true, true],
      [true, true],
    ]);
    pass(minute + 1);
    add(journal, 3);
    expect(knows(journal, 1, 2, 3)).to.deep.equal([false, true, true]);
    journal.close();
  });

  it('remembers an id when the clock of the host goes two hours forward, takes a request, and comes back', () => {
    const journal = open();
    const { now } = clock;
    add(journal, 1);
    pass(minute / 2);
    clock.now += 2 * hour;
    add(journal, 2);
    expect(knows(journal, 1)).to.deep.equal([true]);
    journal.close();
    const next = open();
    pass(minute / 4);
    add(next, 3);
    clock.now = now;
    expect(knows(next, 1)).to.deep.equal([true]);
    next.close();
  });

  it('doubts requests of the time whose ids it has removed, if the clock is set back to it', async () => {
    const journal = open();
    const { now } = clock;
    add(journal, 1);
    pass(2 * hour);
    add(journal, 2);
    expect(knows(journal, 1)).to.deep.equal([false]);
    clock.now = now;
    expect([doubts(journal, now), doubts(journal, now + 1)]).to.deep.equal([true, false]);
    add(journal, 3);
    await journal.flush();
    journal.close();
    pass(1000);
    const next = open();
    expect(doubts(next, now)).to.equal(true);
    next.close();
  });

  it('has no room when it is full of requests that could still come again, and makes room of the others', () => {
    const journal = open(3);
    for (const index of [1, 2]) add(journal, index);
    add(journal, 3, hour);
    pass(1000);
    expect(journal.hasRoom(other, clock.now)).to.equal(false);
    pass(5 * minute);
    expect(journal.hasRoom(other, clock.now)).to.equal(true);
    expect(knows(journal, 1, 2, 3)).to.deep.equal([false, false, true]);
    journal.close();
  });

  it('removes expired ids early only if it is full', () => {
    const journal = open(2);
    add(journal, 1);
    pass(hour);
    expect(journal.hasRoom(other, clock.now)).to.equal(true);
    expect(knows(journal, 1)).to.deep.equal([true]);
    add(journal, 2, 3 * hour);
    expect(journal.hasRoom(other, clock.now)).to.equal(true);
    expect(knows(journal, 1, 2)).to.deep.equal([false, true]);
    add(journal, 3, 3 * hour);
    expect(journal.hasRoom(other, clock.now)).to.equal(false);
    journal.close();
  });

  it('removes old ids once a minute', () => {
    const journal = open();
    add(journal, 1);
    pass(hour + 2 * minute + 1000);
    add(journal, 2);
    expect(knows(journal, 1)).to.deep.equal([false]);
    add(journal, 3, -2 * hour);
    pass(minute - 2);
    add(journal, 4);
    expect(knows(journal, 2, 3)).to.deep.equal([true, true]);
    pass(2);
    add(journal, 5);
    expect(knows(journal, 2, 3)).to.deep.equal([true, false]);
    journal.close();
  });

  it('keeps the ids of a journal of the previous format, also with lines that a full disk tore', () => {
    const { now } = clock;
    const lines = [
      JSON.stringify({ id: id(1), until: now - 30 * minute }),
      `{"id":"${'a'.repeat(32)}"`,
      '',
      JSON.stringify({ id: id(2), until: now + hour }),
      '{"i',
      JSON.stringify({ id: id(3), until: now + hour }).slice(0, -1),
    ];
    writeFileSync(file, lines.join('\n'));
    const { log, lines: entries } = keptLog();
    const journal = open(1000, log);
    expect(knows(journal, 1, 2, 3)).to.deep.equal([true, true, false]);
    expect(doubts(journal, now - 1)).to.equal(false);
    expect(entries).to.deep.equal([]);
    for (const name of [file, `${file}.generation`]) expect(statSync(name).mode & 0o777).to.equal(0o600);
    add(journal, 4);
    journal.close();
    expect(knows(open(1000, log), 1, 2, 4)).to.deep.equal([true, true, true]);
    expect(entries).to.deep.equal([]);
  });

  it('continues a journal whose last line a power cut tore', async () => {
    const journal = open();
    add(journal, 1);
    await journal.flush();
    journal.close();
    appendFileSync(file, '{"id":"0000');
    const { log, lines: entries } = keptLog();
    const next = open(1000, log);
    add(next, 2);
    next.close();
    expect(knows(open(1000, log), 1, 2)).to.deep.equal([true, true]);
    expect(entries).to.deep.equal([]);
  });

  describe('damage', () => {
    const generation = () => `${file}.generation`;
    const bytes = (name = file) => readFileSync(name);
    const flip = (at: number, name = file) => {
      const changed = bytes(name);
      changed[at] = (changed[at] ?? 0) ^ 0x04;
      writeFileSync(name, changed);
    };
    const lines = () => bytes().toString('latin1').split('\n');
    const damages: Record<string, () => void> = {
      'is deleted': () => rmSync(file),
      'has no bytes': () => writeFileSync(file, ''),
      'has random bytes': () => writeFileSync(file, randomBytes(bytes().length)),
      'has NULs': () => writeFileSync(file, Buffer.alloc(bytes().length)),
      'has NULs at its end': () =>
        writeFileSync(file, Buffer.concat([bytes().subarray(0, -40), Buffer.alloc(40)])),
      'has a flipped bit in the first line': () => flip(12),
      'has a flipped bit in an id': () => flip(bytes().indexOf(0x0a) + 13),
      'has a flipped bit in a line end': () => flip(bytes().length - 1),
      'has a flipped bit in a checksum': () => flip(bytes().length - 5),
      'lost a line': () => writeFileSync(file, lines().toSpliced(1, 1).join('\n')),
      'lost its last line': () => writeFileSync(file, `${lines().slice(0, -2).join('\n')}\n`),
      'lost its first line': () => writeFileSync(file, lines().slice(1).join('\n')),
      'has lines in another order': () => writeFileSync(file, [0, 2, 1, 3].map((n) => lines()[n]).join('\n')),
      'was replaced by a former copy': () => {
        const old = bytes();
        const journal = open();
        appendFileSync(file, '{');
        journal.close();
        const next = open();
        add(next, 9);
        next.close();
        writeFileSync(file, old);
      },
      'has a second file that is deleted': () => rmSync(generation()),
      'has a second file of random bytes': () => writeFileSync(generation(), randomBytes(512)),
      'has a second file of no bytes': () => writeFileSync(generation(), ''),
      'has a second file with a flipped bit': () => flip(30, generation()),
      'is damaged in both files': () => {
        writeFileSync(file, randomBytes(300));
        writeFileSync(generation(), Buffer.alloc(512));
      },
    };

    for (const [how, damage] of Object.entries(damages)) {
      it(`is logged, and makes earlier requests doubtful, if the journal ${how}`, async () => {
        const journal = open();
        add(journal, 1);
        add(journal, 2);
        await journal.flush();
        journal.close();
        const made = clock.now;
        pass(1000);
        damage();
        const { log, lines: entries } = keptLog();
        const next = open(1000, log);
        expect(entries.map(({ level, msg }) => [level, String(msg).split(':')[0]])).to.deep.equal([
          [50, 'THE RECORD OF REQUESTS IS DAMAGED'],
        ]);
        expect([doubts(next, made), doubts(next, clock.now - 1), doubts(next, clock.now)]).to.deep.equal([
          true,
          true,
          false,
        ]);
        pass(1000);
        add(next, 3);
        await next.flush();
        next.close();
        // The next start finds nothing new, and still knows.
        const third = open(1000, log);
        expect(entries).to.have.length(1);
        expect([doubts(third, made), knows(third, 3)]).to.deep.equal([true, [true]]);
        third.close();
      });
    }

    it('leaves the ids that can still be read', () => {
      const journal = open();
      for (const index of [1, 2, 3]) add(journal, index);
      journal.close();
      flip(bytes().indexOf(0x0a) + 13);
      expect(knows(open(), 2, 3)).to.deep.equal([true, true]);
    });

    it('is found in a journal of the previous format', () => {
      writeFileSync(file, `${JSON.stringify({ id: id(1), until: clock.now + hour })}\n\u0000\u0000\n`);
      const { log, lines: entries } = keptLog();
      const journal = open(1000, log);
      expect([doubts(journal, clock.now - 1), knows(journal, 1), entries.length]).to.deep.equal([
        true,
        [true],
        1,
      ]);
    });

    it('makes nothing doubtful after the longest time that a request can be valid, however the clock was set', async () => {
      const journal = open();
      add(journal, 1);
      await journal.flush();
      journal.close();
      clock.now += 1000 * hour;
      rmSync(file);
      const next = open();
      clock.now -= 1000 * hour;
      expect(doubts(next, clock.now)).to.equal(true);
      pass(24 * hour);
      expect(doubts(next, clock.now)).to.equal(true);
      pass(1);
      expect(doubts(next, clock.now)).to.equal(false);
    });

    it('is logged with its likely reason if an earlier version has replaced the file', () => {
      const journal = open();
      add(journal, 1);
      journal.close();
      open().close();
      // That version writes the ids that it has read, alone.
      writeFileSync(file, `${JSON.stringify({ id: '1', until: clock.now + hour })}\n`);
      const { log, lines: entries } = keptLog();
      const next = open(1000, log);
      expect(entries[0]?.reason).to.equal(
        'its first line is damaged or missing, or an earlier version of mcod has replaced the file',
      );
      expect(next.has({ caller: 'rip.mcollective', id: '1' })).to.equal(true);
    });

    it('makes requests doubtful up to the last one that was noted, also if the clock was set back since', async () => {
      const journal = open();
      add(journal, 1);
      await journal.flush();
      journal.close();
      const made = clock.now;
      clock.now -= 5 * hour;
      rmSync(file);
      const next = open();
      expect([doubts(next, made), doubts(next, made + 1)]).to.deep.equal([true, false]);
    });

    it('is not what a daemon leaves that is killed while it writes the journal anew', async () => {
      const journal = open();
      add(journal, 1);
      await journal.flush();
      journal.close();
      const old = bytes();
      appendFileSync(file, '{');
      const next = open();
      add(next, 2);
      next.close();
      // As it is after the first of the two steps.
      const known = JSON.parse(bytes(generation()).toString());
      const { sum: _, ...values } = {
        ...known,
        lines: 0,
        before: { generation: known.generation - 1, lines: 1 },
      };
      writeFileSync(generation(), sealLine(values, 0).line);
      writeFileSync(file, old);
      const { log, lines: entries } = keptLog();
      const third = open(1000, log);
      expect([entries, knows(third, 1)]).to.deep.equal([[], [true]]);
      add(third, 3);
      third.close();
      expect([knows(open(1000, log), 1, 3), entries]).to.deep.equal([[true, true], []]);
    });

    it('is not what a daemon leaves that is killed before the first line', () => {
      const { log, lines: entries } = keptLog();
      const journal = open();
      add(journal, 1);
      journal.close();
      rmSync(file);
      const known = {
        generation: 1,
        lines: 0,
        before: { generation: 0, lines: 0 },
        lived: 0,
        latest: 0,
        forgotten: 0,
      };
      writeFileSync(generation(), sealLine(known, 0).line);
      const next = open(1000, log);
      add(next, 2);
      next.close();
      expect([knows(open(1000, log), 2), entries]).to.deep.equal([[true], []]);
    });
  });

  for (const [what, make] of [
    ['a folder', (path: string) => mkdirSync(path)],
    ['a FIFO', (path: string) => spawnSync('mkfifo', [path])],
  ] as const) {
    for (const part of ['', '.generation'])
      it(`counts as damaged if ${what} is in the place of FILE${part}, which is moved aside`, () => {
        const journal = open();
        add(journal, 1);
        journal.close();
        rmSync(`${file}${part}`);
        make(`${file}${part}`);
        if (!existsSync(`${file}${part}`)) return;
        const { log, lines: entries } = keptLog();
        const next = open(1000, log);
        expect(entries.map(({ msg }) => `${msg}`.slice(0, 33))).to.deep.equal([
          'THE RECORD OF REQUESTS IS DAMAGED',
        ]);
        expect(entries[0]?.reason).to.include(`${file}${part}: `);
        expect(existsSync(`${file}${part}.damaged`)).to.equal(true);
        add(next, 2);
        expect(next.fault).to.equal(undefined);
        next.close();
        expect(knows(open(), 2)).to.deep.equal([true]);
      });
  }

  it('compacts its file at 10,000 lines more than twice its ids', () => {
    const journal = open();
    const lines = () => readFileSync(file, 'utf8').split('\n').length - 2;
    for (let times = 0; times < 10_002; times += 1) add(journal, 1, hour);
    expect(lines()).to.equal(10_002);
    add(journal, 2, hour);
    expect(lines()).to.equal(2);
    for (let times = 0; times < 10_002; times += 1) add(journal, 1, hour);
    expect(lines()).to.equal(10_004);
    add(journal, 1, hour);
    expect(lines()).to.equal(3);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    journal.close();
    expect(knows(open(), 1, 2)).to.deep.equal([true, true]);
  });

  it('holds 64 files open, however many journals there are', () => {
    const journals = Array.from(
      { length: 200 },
      (_, index) => new RequestJournal({ file: `${file}.${index}`, most: 10 }),
    );
    for (const [index, journal] of journals.entries()) add(journal, index);
    for (const [index, journal] of journals.entries()) add(journal, index + 1000);
    const open = openFiles(folder);
    if (open) expect(open).to.have.length(64).and.include(`${file}.199`);
    const [first] = journals;
    expect(readFileSync(`${file}.0`, 'utf8').split('\n')).to.have.length(4);
    expect(first?.has(of(1000))).to.equal(true);
    for (const journal of journals) journal.close();
    if (open) expect(openFiles(folder)).to.deep.equal([]);
  });

  it('flushes for many at once, and for those that come in the meantime again', async () => {
    const journal = open();
    add(journal, 1);
    const first = journal.flush();
    expect(journal.flush()).to.equal(first);
    await Promise.resolve();
    await Promise.resolve();
    add(journal, 2);
    const second = journal.flush();
    expect(second).to.not.equal(first);
    await Promise.all([first, second]);
    journal.close();
  });

  it('closes its file at once if no flush is pending', async () => {
    const journal = open();
    add(journal, 1);
    await journal.flush();
    if (openFiles(folder)) expect(openFiles(folder)).to.deep.equal([file]);
    journal.close();
    if (openFiles(folder)) expect(openFiles(folder)).to.deep.equal([]);
  });

  it('closes its file only after a pending flush', async () => {
    const journal = open();
    add(journal, 1);
    const flushed = journal.flush();
    await Promise.resolve();
    await Promise.resolve();
    journal.close();
    await flushed;
    if (openFiles(folder)) await until('its file is closed', () => openFiles(folder)?.length === 0);
  });

  it('rejects a failed flush, and flushes later ones', async () => {
    const journal = open();
    add(journal, 1);
    journal.close();
    rmSync(file);
    // What cannot be flushed: EINVAL.
    symlinkSync('/dev/null', file);
    add(journal, 2);
    const failed = await journal.flush().catch((error: Error) => error);
    expect(failed).to.be.instanceOf(Error).with.property('code', 'EINVAL');
    journal.close();
    rmSync(file);
    add(journal, 3);
    await journal.flush();
    journal.close();
    expect(knows(open(), 1, 2, 3)).to.deep.equal([true, true, true]);
  });

  it('writes its file anew if it was deleted while the daemon ran', async () => {
    const journal = open();
    add(journal, 1);
    journal.close();
    rmSync(file);
    add(journal, 2);
    await journal.flush();
    journal.close();
    const { log, lines: entries } = keptLog();
    expect([knows(open(1000, log), 1, 2), entries]).to.deep.equal([[true, true], []]);
  });

  it('writes the second file anew if it was deleted while the daemon ran', async () => {
    const journal = open();
    add(journal, 1);
    rmSync(`${file}.generation`);
    await journal.flush();
    add(journal, 2);
    await journal.flush();
    journal.close();
    const { log, lines: entries } = keptLog();
    expect([knows(open(1000, log), 1, 2), entries]).to.deep.equal([[true, true], []]);
  });

  it('does not mistake a programming error for a disk error', () => {
    const journal = open();
    expect(() => journal.add(of(1), { time: 0, until: 1n as never }, 0)).to.throw(TypeError);
    expect(journal.has(of(1))).to.equal(false);
  });

  it('loses no id beside the one that a full disk tore', function () {
    if (!existsSync('/dev/full')) skip(this, 'there is no /dev/full here');
    const journal = open();
    add(journal, 1, hour);
    journal.close();
    const kept = readFileSync(file);
    rmSync(file);
    symlinkSync('/dev/full', file);
    expect(() => add(journal, 2, hour)).to.throw('ENOSPC');
    expect(knows(journal, 2)).to.deep.equal([false]);
    journal.close();
    rmSync(file);
    writeFileSync(file, kept);
    appendFileSync(file, '{"id":"000');
    add(journal, 3, hour);
    journal.close();
    const { log, lines: entries } = keptLog();
    expect([knows(open(1000, log), 1, 2, 3), entries]).to.deep.equal([[true, false, true], []]);
  });
});
