import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Audit, type AuditOptions } from '../../src/audit/audit.js';
import { auditFiles, firstHash, hashOfLine, verifyAudit } from '../../src/audit/audit-chain.js';
import { keptLog } from '../agents/external/actor.js';

describe('the rotation of an audit', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audit-'));
    file = join(folder, 'audit.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const now = Date.parse('2026-01-01T00:00:00Z');
  /** Writes so many entries of one length. */
  function fill(entries: number, options: AuditOptions = {}): void {
    const audit = new Audit(file, options);
    for (let count = 0; count < entries; count += 1) audit.write({ outcome: 'ok' }, now);
    audit.close();
  }
  const lineBytes = Buffer.byteLength(
    `${JSON.stringify({ time: new Date(now).toISOString(), outcome: 'ok', previous: firstHash })}\n`,
  );
  const names = () => readdirSync(folder).sort();

  it('fills a file to the last byte that it may have', () => {
    fill(3, { maxBytes: 3 * lineBytes });
    expect(names()).to.deep.equal(['audit.jsonl']);
    expect(statSync(file).size).to.equal(3 * lineBytes);
    fill(1, { maxBytes: 3 * lineBytes });
    expect(names()).to.deep.equal(['audit.jsonl', 'audit.jsonl.1']);
    expect(statSync(file).size).to.equal(lineBytes);
  });

  it('begins no new file for a line that is longer than a file may be', () => {
    fill(1, { maxBytes: 10 });
    expect(names()).to.deep.equal(['audit.jsonl']);
    fill(1, { maxBytes: 10 });
    expect(names()).to.deep.equal(['audit.jsonl', 'audit.jsonl.1']);
  });

  it('never begins a new file where no size is set', () => {
    fill(50);
    expect(names()).to.deep.equal(['audit.jsonl']);
  });

  for (const [keep, kept] of [
    [0, ['audit.jsonl', ...[1, 2, 3, 4, 5].map((number) => `audit.jsonl.${number}`)]],
    [1, ['audit.jsonl', 'audit.jsonl.5']],
    [2, ['audit.jsonl', 'audit.jsonl.4', 'audit.jsonl.5']],
    [5, ['audit.jsonl', ...[1, 2, 3, 4, 5].map((number) => `audit.jsonl.${number}`)]],
  ] as const) {
    it(`leaves the newest files where ${keep} are kept`, () => {
      fill(6, { maxBytes: lineBytes, keep });
      expect(names()).to.deep.equal([...kept]);
    });
  }

  it('removes all that are too many where fewer are kept than before', () => {
    fill(6, { maxBytes: lineBytes });
    fill(1, { maxBytes: lineBytes, keep: 2 });
    expect(names()).to.deep.equal(['audit.jsonl', 'audit.jsonl.5', 'audit.jsonl.6']);
  });

  it('counts on where the newest file has a number of two digits', async () => {
    fill(12, { maxBytes: lineBytes });
    expect(names()).to.include('audit.jsonl.11').and.not.include('audit.jsonl.12');
    expect(auditFiles(file).slice(-3)).to.deep.equal([`${file}.10`, `${file}.11`, file]);
    expect((await verifyAudit(file)).isWhole).to.equal(true);
  });

  it('goes on from the newest file where the one in use is gone or empty', async () => {
    fill(3, { maxBytes: lineBytes });
    rmSync(file);
    fill(1);
    expect((await verifyAudit(file)).fault).to.equal(undefined);
    const newest = readFileSync(`${file}.2`, 'utf8').trimEnd();
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.include({ previous: hashOfLine(newest) });
    truncateSync(file);
    fill(1);
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.include({ previous: hashOfLine(newest) });
  });

  it('begins a chain where even the newest file is empty', () => {
    writeFileSync(`${file}.1`, '');
    fill(1);
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.include({ previous: firstHash });
  });

  it('counts what a file holds already', () => {
    fill(2);
    fill(1, { maxBytes: 3 * lineBytes });
    expect(names()).to.deep.equal(['audit.jsonl']);
    fill(1, { maxBytes: 3 * lineBytes });
    expect(names()).to.deep.equal(['audit.jsonl', 'audit.jsonl.1']);
  });

  it('counts from nothing when somebody took the file away', () => {
    const audit = new Audit(file, { maxBytes: 2 * lineBytes });
    audit.write({ outcome: 'ok' }, now);
    audit.write({ outcome: 'ok' }, now);
    rmSync(file);
    audit.write({ outcome: 'ok' }, now);
    audit.write({ outcome: 'ok' }, now);
    audit.close();
    expect(names()).to.deep.equal(['audit.jsonl']);
    expect(statSync(file).size).to.equal(2 * lineBytes);
  });

  it('tells each line that was written, as it stands in the file', () => {
    const lines: string[] = [];
    fill(3, { onLine: (line) => void lines.push(line) });
    expect(`${lines.join('\n')}\n`).to.equal(readFileSync(file, 'utf8'));
  });

  it('makes files that only their owner can read', () => {
    fill(2, { maxBytes: lineBytes });
    for (const name of names()) expect(statSync(join(folder, name)).mode & 0o777, name).to.equal(0o600);
  });

  it('leaves no file open', () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    fill(5, { maxBytes: lineBytes });
    rmSync(file);
    fill(1);
    expect(open()).to.equal(before);
  });

  it('says which file cannot be written, and continues when it can', () => {
    const inTheWay = join(folder, 'a file');
    writeFileSync(inTheWay, '');
    const gone = join(inTheWay, 'audit.jsonl');
    const { log, lines } = keptLog();
    const audit = new Audit(gone, { log });
    expect(audit.fault).to.match(new RegExp(`^cannot write ${gone}: (EEXIST|ENOTDIR): `));
    expect(() => audit.mustWrite({ outcome: 'begun' }, now))
      .to.throw(gone)
      .with.property('code', 'AUDIT_FAILED');
    audit.write({ outcome: 'ok' }, now);
    expect(lines.map(({ level, msg }) => [level, msg])).to.deep.equal([
      [50, 'CANNOT WRITE THE AUDIT LOG: entries are missing from it until it can be written'],
      [50, 'CANNOT WRITE THE AUDIT LOG: this entry is missing from it'],
    ]);
    rmSync(inTheWay);
    audit.write({ outcome: 'ok' }, now);
    audit.close();
    expect(audit.fault).to.equal(undefined);
    const written = readFileSync(gone, 'utf8').trimEnd().split('\n');
    expect(written.map((line) => JSON.parse(line).outcome)).to.deep.equal(['gap', 'ok']);
  });

  it('finds the last line behind 4 MiB of others', async () => {
    fill(1);
    const rest = `${'x'.repeat(1023)}\n`.repeat(5 * 1024);
    const last = JSON.stringify({ outcome: 'ok', previous: firstHash });
    writeFileSync(file, `${rest}${last}\n`);
    fill(1);
    const written = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(written)).to.include({ previous: hashOfLine(last) });
  });

  it('removes the unfinished line of a crash, and nothing before it', () => {
    fill(1);
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, `${whole}{`);
    fill(0);
    const [first, second, ...others] = readFileSync(file, 'utf8').split('\n');
    expect(`${first}\n`).to.equal(whole);
    expect(JSON.parse(second ?? '')).to.include({
      outcome: 'recovered',
      reason: 'removed 1 bytes of an incomplete line',
    });
    expect(others).to.deep.equal(['']);
  });

  it('removes an unfinished line that is all there is', () => {
    writeFileSync(file, '{"time"');
    fill(0);
    const [only, ...others] = readFileSync(file, 'utf8').split('\n');
    expect(JSON.parse(only ?? '')).to.include({ outcome: 'recovered', previous: firstHash });
    expect(others).to.deep.equal(['']);
  });

  it('takes nothing away where nothing was begun', () => {
    fill(0);
    expect(readFileSync(file, 'utf8')).to.equal('');
    expect(existsSync(`${file}.1`)).to.equal(false);
  });
});
