import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  auditFiles,
  firstBrokenLine,
  firstHash,
  hashOfLine,
  verifyAudit,
} from '../../src/audit/audit-chain.js';

/** Lines of which each names the one before. */
function chain(count: number, before = firstHash): string[] {
  const lines: string[] = [];
  let previous = before;
  for (let number = 0; number < count; number += 1) {
    const line = JSON.stringify({ number, previous });
    lines.push(line);
    previous = hashOfLine(line);
  }
  return lines;
}

describe('verifyAudit', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audit-'));
    file = join(folder, 'audit.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (lines: readonly string[], name = file) =>
    writeFileSync(name, lines.map((line) => `${line}\n`).join(''));

  it('counts the lines of an audit that is whole, and names the hash of the last', async () => {
    const lines = chain(3);
    write(lines.slice(0, 2), `${file}.1`);
    write(lines.slice(2));
    expect(await verifyAudit(file)).to.deep.equal({
      files: [`${file}.1`, file],
      lines: 3,
      isWhole: true,
      lastHash: hashOfLine(lines[2] ?? ''),
    });
  });

  it('finds an empty audit whole', async () => {
    write([]);
    expect(await verifyAudit(file)).to.deep.equal({
      files: [file],
      lines: 0,
      isWhole: true,
      lastHash: firstHash,
    });
  });

  it('says when the beginning is gone', async () => {
    write(chain(3).slice(1));
    const { isWhole, fault } = await verifyAudit(file);
    expect({ isWhole, fault }).to.deep.equal({ isWhole: false, fault: undefined });
  });

  for (const [what, change, line, reason] of [
    [
      'was altered',
      (lines: string[]) => lines.with(1, '{"number":9,"previous":"'.concat(firstHash, '"}')),
      2,
      'does not match the previous line',
    ],
    ['is missing', (lines: string[]) => lines.toSpliced(1, 1), 2, 'does not match the previous line'],
    [
      'stands there twice',
      (lines: string[]) => lines.toSpliced(1, 0, lines[0] ?? ''),
      2,
      'does not match the previous line',
    ],
    ['is no JSON', (lines: string[]) => lines.with(1, 'nonsense'), 2, 'it is not an audit log entry'],
    ['is empty', (lines: string[]) => lines.with(0, ''), 1, 'it is not an audit log entry'],
    [
      'names no hash',
      (lines: string[]) => lines.with(2, '{"previous":7}'),
      3,
      'it is not an audit log entry',
    ],
    [
      'names half a hash',
      (lines: string[]) => lines.with(2, '{"previous":"00"}'),
      3,
      'it is not an audit log entry',
    ],
    ['is null', (lines: string[]) => lines.with(2, 'null'), 3, 'it is not an audit log entry'],
  ] as const) {
    it(`names the place where a line ${what}`, async () => {
      const lines = change(chain(3));
      write(lines);
      const { fault, lines: counted, lastHash } = await verifyAudit(file);
      expect(fault).to.deep.include({ file, line });
      expect(fault?.reason).to.include(reason);
      expect(counted).to.equal(line - 1);
      expect(lastHash).to.equal(line === 1 ? firstHash : hashOfLine(lines[line - 2] ?? ''));
    });
  }

  it('says so where there is no audit', async () => {
    const error: unknown = await verifyAudit(file).catch((thrown: unknown) => thrown);
    expect(error).to.include({
      code: 'FILE_UNREADABLE',
      message: `cannot read the audit log ${file}: ENOENT: no such file or directory`,
    });
  });

  it('says which audit has a file that cannot be read', async () => {
    mkdirSync(`${file}.1`);
    const error: unknown = await verifyAudit(file).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'FILE_UNREADABLE');
    expect(error).to.have.property('message').that.includes(`cannot read the audit log ${file}: EISDIR`);
  });

  it('takes as files of an audit only those with whole numbers, in their order', () => {
    for (const ending of ['', '.10', '.9', '.1', '.0', '.01', '.1.gz', '.x', '1'])
      write([], `${file}${ending}`);
    write([], join(folder, 'other.jsonl.2'));
    expect(auditFiles(file)).to.deep.equal([`${file}.1`, `${file}.9`, `${file}.10`, file]);
    rmSync(file);
    expect(auditFiles(file)).to.deep.equal([`${file}.1`, `${file}.9`, `${file}.10`]);
  });
});

describe('firstBrokenLine', () => {
  it('finds nothing in a text that is whole, wherever it has empty lines', () => {
    expect(firstBrokenLine(chain(3).join('\n\n'))).to.equal(undefined);
    expect(firstBrokenLine('')).to.equal(undefined);
  });

  it('finds the first line at fault in a text whose beginning is gone', () => {
    expect(firstBrokenLine(chain(3).slice(1).join('\n'))).to.equal(1);
  });
});
