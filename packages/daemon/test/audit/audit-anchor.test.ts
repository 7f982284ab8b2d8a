import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Audit, type AuditOptions } from '../../src/audit/audit.js';
import { anchorFile, writeAnchor } from '../../src/audit/audit-anchor.js';
import { firstHash, hashOfLine, verifyAudit } from '../../src/audit/audit-chain.js';
import { keptLog } from '../agents/external/actor.js';

describe('the anchor of an audit', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'anchor-'));
    file = join(folder, 'audit.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function fill(entries: number, options: AuditOptions = {}) {
    const { log, lines } = keptLog();
    const audit = new Audit(file, { log, isAnchored: true, ...options });
    for (let number = 0; number < entries; number += 1) audit.write({ caller: `c${number}`, outcome: 'ok' });
    audit.close();
    return lines;
  }
  const faultOf = async () => (await verifyAudit(file)).fault;
  const lines = () => readFileSync(file, 'utf8').trimEnd().split('\n');
  const write = (all: readonly string[]) => writeFileSync(file, all.map((line) => `${line}\n`).join(''));

  it('proves the end of an audit, over restarts and rotations', async () => {
    expect([...fill(3), ...fill(20, { maxBytes: 1000 }), ...fill(0)]).to.deep.equal([]);
    const { fault, isWhole, isAnchored, lines: count } = await verifyAudit(file);
    expect({ fault, isWhole, isAnchored, count }).to.deep.equal({
      fault: undefined,
      isWhole: true,
      isAnchored: true,
      count: 23,
    });
    expect(statSync(anchorFile(file)).mode & 0o777).to.equal(0o600);
  });

  it('shows that the last line was altered', async () => {
    fill(3);
    write(lines().with(2, lines()[2]?.replace('"ok"', '"denied"') ?? ''));
    expect(await faultOf()).to.deep.equal({
      file,
      line: 3,
      reason: 'it is not the last line that was written: it was altered, or lines after it are missing',
    });
  });

  it('shows that the last lines are missing', async () => {
    fill(3);
    write(lines().slice(0, 1));
    expect(await faultOf()).to.include({ file, line: 1 });
    truncateSync(file);
    expect(await faultOf()).to.include({ file, line: 1 });
  });

  it('shows that the newest file is missing', async () => {
    fill(20, { maxBytes: 1000 });
    rmSync(file);
    expect(await faultOf()).to.deep.equal({
      file,
      line: 1,
      reason: 'the newest file of the audit log is missing',
    });
    renameSync(`${file}.2`, file);
    expect((await faultOf())?.reason).to.be.a('string');
  });

  for (const [what, damage] of [
    ['an altered last line', () => write(lines().with(2, lines()[2]?.replace('"ok"', '"denied"') ?? ''))],
    ['a missing last line', () => write(lines().slice(0, 2))],
    ['half a last line', () => truncateSync(file, statSync(file).size - 10)],
  ] as const) {
    it(`still shows ${what} after a restart of the daemon, which logs it`, async () => {
      fill(3);
      damage();
      const told = fill(2);
      expect(told.map(({ level, msg }) => [level, msg])).to.deep.equal([
        [50, 'THE END OF THE AUDIT WAS ALTERED OR IS MISSING'],
      ]);
      expect(JSON.stringify(lines())).to.include('damaged');
      expect((await faultOf())?.reason).to.include('its hash does not match the previous line');
      expect(fill(1)).to.deep.equal([]);
      expect((await faultOf())?.reason).to.include('its hash does not match the previous line');
    });
  }

  it('may be behind the file, as a crash leaves it', async () => {
    fill(3);
    const first = hashOfLine(lines()[0] ?? '');
    for (const hash of [first, firstHash]) {
      writeAnchor(file, hash);
      expect(await verifyAudit(file))
        .to.include({ isAnchored: true })
        .and.not.have.property('fault');
      expect(fill(1)).to.deep.equal([]);
      expect(await verifyAudit(file))
        .to.include({ isAnchored: true })
        .and.not.have.property('fault');
    }
  });

  it('may be behind a rotation, as a crash leaves it', async () => {
    fill(20, { maxBytes: 1000 });
    const newest = readFileSync(file, 'utf8').split('\n')[0] ?? '';
    writeAnchor(file, JSON.parse(newest).previous);
    expect(fill(1)).to.deep.equal([]);
    expect(await verifyAudit(file))
      .to.include({ isAnchored: true })
      .and.not.have.property('fault');
  });

  it('is missing beside an audit of an earlier version, which the next line says', async () => {
    fill(3, { isAnchored: false });
    expect(await verifyAudit(file)).to.not.have.property('isAnchored');
    fill(1);
    expect(JSON.parse(lines()[3] ?? '')).to.include({ outcome: 'recovered' });
    expect(await verifyAudit(file)).to.include({ isAnchored: true, lines: 5 });
  });

  it('is a fault if it is damaged', async () => {
    fill(3);
    writeFileSync(anchorFile(file), 'damaged');
    expect(await faultOf()).to.include({ file: anchorFile(file) });
    const [told] = fill(1);
    expect(told).to.include({ level: 50, msg: 'the anchor of the audit cannot be used' });
    expect(JSON.parse(lines()[3] ?? '')).to.include({ outcome: 'recovered' });
  });
});

describe('the lines of an audit', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'anchor-'));
    file = join(folder, 'audit.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('end at byte 0x0A alone', async () => {
    const audit = new Audit(file);
    for (const reason of ['a\u2028b', 'a\u2029b', 'a\u0085b', 'a\rb', '\ufeffa', 'a\u000bb'])
      audit.write({ outcome: 'invalid', reason });
    audit.close();
    expect(await verifyAudit(file))
      .to.include({ lines: 6, isWhole: true })
      .and.not.have.property('fault');
  });

  it('are compared byte by byte', async () => {
    const line = JSON.stringify({ outcome: 'ok', reason: '\ufffd', previous: firstHash });
    const next = JSON.stringify({ outcome: 'ok', previous: hashOfLine(line) });
    const bytes = Buffer.from(`${line}\n${next}\n`);
    writeFileSync(file, bytes);
    expect(await verifyAudit(file)).to.not.have.property('fault');
    const altered = Buffer.from(bytes.toString('latin1').replace('\u00ef\u00bf\u00bd', '\u00ff'), 'latin1');
    writeFileSync(file, altered);
    expect(await verifyAudit(file)).to.have.property('fault');
  });

  it('are not waited for if the file is a FIFO', async function () {
    if (spawnSync('mkfifo', [file]).status !== 0) skip(this, 'there is no mkfifo here');
    const error: unknown = await verifyAudit(file).catch((thrown: unknown) => thrown);
    expect(error).to.have.property(
      'message',
      `cannot read the audit log ${file}: ${file} is not a regular file`,
    );
  });

  it('may be cut by reads of any length', async () => {
    const audit = new Audit(file);
    for (let number = 0; number < 50; number += 1)
      audit.write({ outcome: 'ok', reason: 'x'.repeat(number * 1777) });
    audit.close();
    expect(await verifyAudit(file))
      .to.include({ lines: 50 })
      .and.not.have.property('fault');
    appendFileSync(file, '{');
    expect((await verifyAudit(file)).fault).to.include({ line: 51 });
  });
});
