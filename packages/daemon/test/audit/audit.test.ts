import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@troupe/core';
import { skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Audit, type AuditOptions, firstBrokenLine } from '../../src/audit/audit.js';
import { firstHash, verifyAudit } from '../../src/audit/audit-chain.js';

const entriesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('Audit', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function threeLines(): string {
    const file = join(folder, 'audit.jsonl');
    const first = new Audit(file);
    first.write({ caller: 'a', outcome: 'ok' });
    first.write({ caller: 'b', outcome: 'denied' });
    first.close();
    const second = new Audit(file);
    second.write({ caller: 'c', outcome: 'ok' });
    second.close();
    return readFileSync(file, 'utf8');
  }

  it('creates its folder', () => {
    const file = join(folder, 'log', 'troupe', 'audit.jsonl');
    new Audit(file).close();
    expect(statSync(join(folder, 'log', 'troupe')).mode & 0o777).to.equal(0o700);
    expect(existsSync(file)).to.equal(true);
  });

  it('goes on with its chain after a restart', () => {
    expect(firstBrokenLine(threeLines())).to.equal(undefined);
  });

  it('shows a line that was altered by the one after it', () => {
    expect(firstBrokenLine(threeLines().replace('"denied"', '"ok"'))).to.equal(3);
  });

  it('shows a line that is missing', () => {
    const [one, , three] = threeLines().split('\n');
    expect(firstBrokenLine(`${one}\n${three}\n`)).to.equal(2);
  });
});

describe('the files of an audit', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'audit-'));
    file = join(folder, 'audit.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function fill(entries: number, options: AuditOptions = {}): void {
    const audit = new Audit(file, { maxBytes: 1000, ...options });
    for (let number = 0; number < entries; number += 1) audit.write({ caller: `c${number}`, outcome: 'ok' });
    audit.close();
  }

  it('go on with the chain from one to the next, and over restarts', async () => {
    fill(20);
    fill(20);
    const { files, lines, fault, isWhole } = await verifyAudit(file);
    expect(files.length).to.be.greaterThan(5);
    expect(lines).to.equal(40);
    expect({ fault, isWhole }).to.deep.equal({ fault: undefined, isWhole: true });
    expect(statSync(file).size).to.be.at.most(1000);
  });

  it('show a whole file that is missing', async () => {
    fill(40);
    rmSync(`${file}.3`);
    expect((await verifyAudit(file)).fault).to.deep.include({ file: `${file}.4`, line: 1 });
  });

  it('are as many as are to be kept, which the check says', async () => {
    fill(40, { keep: 2 });
    const { files, fault, isWhole } = await verifyAudit(file);
    expect(files).to.have.length(3);
    expect({ fault, isWhole }).to.deep.equal({ fault: undefined, isWhole: false });
  });

  it('go on when somebody moves the file away', async () => {
    const audit = new Audit(file);
    audit.write({ outcome: 'ok' });
    renameSync(file, `${file}.1`);
    audit.write({ outcome: 'ok' });
    audit.close();
    expect(await verifyAudit(file)).to.deep.include({ lines: 2, isWhole: true });
    fill(1);
    expect((await verifyAudit(file)).fault).to.equal(undefined);
  });

  it('lose a line that a crash cut off, and say so', async () => {
    fill(2, { maxBytes: 100_000 });
    appendFileSync(file, '{"time":"2030');
    fill(1, { maxBytes: 100_000 });
    const [, , third] = readFileSync(file, 'utf8').split('\n');
    expect(JSON.parse(third ?? '')).to.deep.include({
      outcome: 'recovered',
      reason: 'removed 13 bytes of an incomplete line',
    });
    expect((await verifyAudit(file)).fault).to.equal(undefined);
  });

  it('keep a text from the network to the letter, on one line', async () => {
    const reason = 'a\nb\u2028"}\n{"previous":"0"';
    const audit = new Audit(file);
    audit.write({ outcome: 'invalid', reason });
    audit.write({ outcome: 'ok' });
    audit.close();
    const { lines, fault } = await verifyAudit(file);
    expect({ lines, fault }).to.deep.equal({ lines: 2, fault: undefined });
    expect(entriesOf(file)[0]).to.deep.include({ outcome: 'invalid', reason });
  });

  for (const part of ['input', 'filter'] as const) {
    it(`leave out an ${part} of more than 32 KiB, and say how much`, async () => {
      const text = (bytes: number) => 'x'.repeat(bytes - '"{"text":""}'.length + 1);
      const audit = new Audit(file);
      audit.write({ outcome: 'ok', [part]: { text: text(32 * 1024) } });
      audit.write({ outcome: 'ok', [part]: { text: text(32 * 1024 + 1) } });
      audit.write({ outcome: 'ok', [part]: { text: 'ü'.repeat(20_000) } });
      audit.close();
      const parts = entriesOf(file).map((entry) => entry[part]);
      expect(parts[0]).to.deep.equal({ text: text(32 * 1024) });
      expect(parts.slice(1)).to.deep.equal(['(32769 bytes omitted)', '(40011 bytes omitted)']);
      expect((await verifyAudit(file)).fault).to.equal(undefined);
    });
  }

  it('name nothing that an entry does not', () => {
    const audit = new Audit(file);
    audit.write({ outcome: 'ok' }, Date.parse('2026-01-02T03:04:05.678Z'));
    audit.close();
    expect(entriesOf(file)).to.deep.equal([
      { time: '2026-01-02T03:04:05.678Z', outcome: 'ok', previous: firstHash },
    ]);
  });

  it('say when lines could not be written', async function () {
    if (!existsSync('/dev/full')) skip(this, 'there is no /dev/full here');
    const lines: string[] = [];
    const log = createLogger({ level: 'error', destination: { write: (line) => void lines.push(line) } });
    symlinkSync('/dev/full', file);
    const audit = new Audit(file, { log });
    audit.write({ outcome: 'ok' }, Date.parse('2026-01-01T00:00:00Z'));
    audit.write({ outcome: 'ok' }, Date.parse('2026-01-01T00:00:01Z'));
    expect(() => audit.mustWrite({ outcome: 'begun' }))
      .to.throw('ENOSPC')
      .and.include({ code: 'AUDIT_FAILED' });
    expect(lines.join()).to.include('CANNOT WRITE THE AUDIT LOG');
    expect(lines.join()).to.include('cannot remove an incomplete line from the audit log');
    // There is room again.
    rmSync(file);
    audit.write({ outcome: 'ok' });
    audit.write({ outcome: 'ok' });
    audit.close();
    const [gap, ...others] = entriesOf(file);
    expect(gap?.outcome).to.equal('gap');
    expect(gap?.reason)
      .to.match(/^2 entries since 2026-01-01T00:00:00.000Z could not be written: /)
      .and.include('ENOSPC');
    expect(others.map(({ outcome }) => outcome)).to.deep.equal(['ok', 'ok']);
    expect((await verifyAudit(file)).fault).to.equal(undefined);
  });
});
