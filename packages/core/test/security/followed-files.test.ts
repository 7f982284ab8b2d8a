import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLogger } from '../../src/log/logger.js';
import { followFiles } from '../../src/security/followed-files.js';

describe('followFiles', () => {
  let folder: string;
  let file: string;
  let now: number;
  let reads: number;
  let lines: string[];
  let isUsable: boolean;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-followed-'));
    file = join(folder, 'a');
    writeFileSync(file, 'one');
    [now, reads, lines, isUsable] = [1_000_000, 0, [], true];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const follow = (files: readonly (string | undefined)[] = [file]) =>
    followFiles({
      files,
      read: () => {
        reads += 1;
        if (!isUsable) throw new Error('it is damaged');
        return reads;
      },
      what: 'the list',
      log: createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
      now: () => now,
    });
  /** Another size, since two writes of one moment may have the same time. */
  const change = (text = 'another') => writeFileSync(file, text);

  it('reads once, and again only when a file has changed', () => {
    const value = follow();
    expect(reads).to.equal(1);
    now += 60_000;
    expect(value()).to.equal(1);
    change();
    now += 60_000;
    expect(value()).to.equal(2);
    now += 60_000;
    expect(value()).to.equal(2);
    expect(lines.join()).to.include('reloaded the list after a change');
  });

  for (const [ahead, expected] of [
    [0, 1],
    [999, 1],
    [1000, 2],
    [-999, 1],
    [-1000, 2],
  ] as const) {
    it(`${expected === 1 ? 'does not look' : 'looks'} at the files ${ahead} ms after it did`, () => {
      const value = follow();
      change();
      now += ahead;
      expect(value()).to.equal(expected);
    });
  }

  it('counts the time from when it looked last, changed or not', () => {
    const value = follow();
    now += 1000;
    expect(value()).to.equal(1);
    change();
    now += 999;
    expect(value()).to.equal(1);
    now += 1;
    expect(value()).to.equal(2);
  });

  it('keeps the last good value while a file is damaged, and tries again when it changes', () => {
    const value = follow();
    change();
    isUsable = false;
    now += 1000;
    expect(value()).to.equal(1);
    expect(lines.join()).to.include('cannot reload the list: keeping the previous version');
    expect(lines.join()).to.include('it is damaged');
    isUsable = true;
    now += 1000;
    expect(value()).to.equal(1);
    change('once more');
    now += 1000;
    expect(value()).to.equal(3);
  });

  it('notices that a file came or went, and one of the same size and age that took its place', () => {
    const other = join(folder, 'b');
    const value = follow([undefined, file, other]);
    writeFileSync(other, '');
    now += 1000;
    expect(value()).to.equal(2);
    rmSync(other);
    now += 1000;
    expect(value()).to.equal(3);
    utimesSync(file, 0, 0);
    writeFileSync(join(folder, 'c'), 'one');
    rmSync(file);
    writeFileSync(file, 'two');
    utimesSync(file, 0, 0);
    now += 1000;
    expect(value()).to.equal(4);
  });

  it('throws what goes wrong at first', () => {
    isUsable = false;
    expect(() => follow()).to.throw('it is damaged');
  });
});
