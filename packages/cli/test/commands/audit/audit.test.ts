import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Audit } from '@troupe/daemon';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { mco } from '../../mco.js';

describe('mco audit verify', () => {
  let folder: TempFolder;
  const file = () => folder.join('audit.jsonl');

  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-audit' });
    const audit = new Audit(file(), { maxBytes: 1000 });
    for (let index = 0; index < 10; index += 1) audit.write({ caller: `c${index}`, outcome: 'ok' });
    audit.close();
  });
  afterEach(() => folder?.close());

  it('verifies a complete audit log across its rotated files', async () => {
    const { code, stdout } = await mco('audit', 'verify', file());
    expect(code).to.equal(0);
    expect(stdout).to.match(
      new RegExp(`^ok: ${file()}: 10 lines in [2-9] files\\n {3}hash of the last line: [0-9a-f]{64}\\n$`),
    );
  });

  it('reports the file and line of an altered line in any of several audit logs', async () => {
    const other = folder.join('other.jsonl');
    writeFileSync(other, readFileSync(`${file()}.1`, 'utf8'));
    writeFileSync(`${file()}.1`, readFileSync(`${file()}.1`, 'utf8').replace('"c1"', '"c9"'));
    const { code, stdout } = await mco('audit', 'verify', other, file());
    expect(code).to.equal(2);
    expect(stdout).to.match(/^ok: .*other\.jsonl: \d+ lines?\n/);
    expect(stdout).to.match(
      /\nfailed: .*audit\.jsonl: .*audit\.jsonl\.1:3: its hash does not match the previous line/,
    );
  });

  it('detects a missing line', async () => {
    const lines = readFileSync(`${file()}.1`, 'utf8').split('\n');
    writeFileSync(`${file()}.1`, [lines[0], ...lines.slice(2)].join('\n'));
    const { code, stdout } = await mco('audit', 'verify', file(), '--json');
    expect(code).to.equal(2);
    const [verdict] = JSON.parse(stdout).results;
    expect(verdict).to.deep.include({ audit: file(), ok: false, lines: 1 });
    expect(verdict.fault).to.include({ file: `${file()}.1`, line: 2 });
  });

  it('reports that deleted oldest files cannot be verified', async () => {
    rmSync(`${file()}.1`);
    const { code, stdout } = await mco('audit', 'verify', file());
    expect(code).to.equal(0);
    expect(stdout).to.include('The oldest files were deleted (audit.keep)');
  });

  it('compares the hash of the last line with --last', async () => {
    const { results } = JSON.parse((await mco('audit', 'verify', file(), '--json')).stdout);
    const lastHash = results[0].last_hash;
    expect((await mco('audit', 'verify', file(), '--last', lastHash)).code).to.equal(0);
    const text = readFileSync(file(), 'utf8');
    writeFileSync(file(), text.slice(0, text.trimEnd().lastIndexOf('\n') + 1));
    const { code, stdout } = await mco('audit', 'verify', file(), '--last', lastHash);
    expect(code).to.equal(2);
    expect(stdout).to.include(`the hash of the last line is not ${lastHash}`);
  });

  it('verifies the audit log in the configuration of mcod if no file is given', async () => {
    const config = folder.join('mcod.yaml');
    writeFileSync(config, JSON.stringify({ audit: { file: file() } }));
    expect((await mco('audit', 'verify', '--mcod', config)).stdout).to.match(/^ok: .*: 10 lines/);
    writeFileSync(config, '{}');
    expect(await mco('audit', 'verify', '--mcod', config)).to.deep.equal({
      code: 1,
      stdout: '',
      stderr: `mco: no audit log file given, and ${config} does not set one [USAGE_INVALID]\n`,
    });
  });

  it('reports a file that cannot be read', async () => {
    const { code, stderr } = await mco('audit', 'verify', folder.join('nowhere.jsonl'));
    expect(code).to.equal(1);
    expect(stderr).to.match(/^mco: cannot read the audit log .*nowhere\.jsonl: ENOENT: no such file/);
  });

  it('detects an altered last line and a missing newest file by the anchor of the audit log', async () => {
    const anchored = folder.join('anchored.jsonl');
    const audit = new Audit(anchored, { maxBytes: 1000, isAnchored: true });
    for (let index = 0; index < 10; index += 1) audit.write({ caller: `c${index}`, outcome: 'ok' });
    audit.close();
    const whole = await mco('audit', 'verify', anchored, '--json');
    expect(JSON.parse(whole.stdout).results[0]).to.include({ ok: true, anchored: true });
    const text = readFileSync(anchored, 'utf8');
    writeFileSync(anchored, text.replace('"c9"', '"c8"'));
    const altered = await mco('audit', 'verify', anchored);
    expect(altered.code).to.equal(2);
    expect(altered.stdout).to.include('it is not the last line that was written');
    rmSync(anchored);
    const missing = await mco('audit', 'verify', anchored);
    expect(missing.code).to.equal(2);
    expect(missing.stdout).to.include('the newest file of the audit log is missing');
  });

  it('warns that nothing proves the end of an audit log without an anchor', async () => {
    const { code, stderr } = await mco('audit', 'verify', file());
    expect([code, stderr]).to.deep.equal([
      0,
      `   No anchor (${file()}.end): missing lines at the end, or an altered last line, cannot be detected\n`,
    ]);
  });
});
