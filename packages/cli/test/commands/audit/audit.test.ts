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

  it('finds a whole audit whole, through its rotated files', async () => {
    const { code, stdout } = await mco('audit', 'verify', file());
    expect(code).to.equal(0);
    expect(stdout).to.match(
      new RegExp(`^whole: ${file()}: 10 lines in [2-9] files\\n {3}last line: [0-9a-f]{64}\\n$`),
    );
  });

  it('names the file and line where something is wrong, whichever audit it is', async () => {
    const other = folder.join('other.jsonl');
    writeFileSync(other, readFileSync(`${file()}.1`, 'utf8'));
    writeFileSync(`${file()}.1`, readFileSync(`${file()}.1`, 'utf8').replace('"c1"', '"c9"'));
    const { code, stdout } = await mco('audit', 'verify', other, file());
    expect(code).to.equal(2);
    expect(stdout).to.match(/^whole: .*other\.jsonl: \d+ lines?\n/);
    expect(stdout).to.match(
      /\nbroken: .*audit\.jsonl: .*audit\.jsonl\.1:3: it does not follow from the line/,
    );
  });

  it('finds a line that is missing', async () => {
    const lines = readFileSync(`${file()}.1`, 'utf8').split('\n');
    writeFileSync(`${file()}.1`, [lines[0], ...lines.slice(2)].join('\n'));
    const { code, stdout } = await mco('audit', 'verify', file(), '--json');
    expect(code).to.equal(2);
    const [verdict] = JSON.parse(stdout).results;
    expect(verdict).to.deep.include({ audit: file(), ok: false, lines: 1 });
    expect(verdict.fault).to.include({ file: `${file()}.1`, line: 2 });
  });

  it('says what the loss of the oldest files leaves open', async () => {
    rmSync(`${file()}.1`);
    const { code, stdout } = await mco('audit', 'verify', file());
    expect(code).to.equal(0);
    expect(stdout).to.include('The oldest files are gone (audit.keep)');
  });

  it('holds the end against what a collector has', async () => {
    const { results } = JSON.parse((await mco('audit', 'verify', file(), '--json')).stdout);
    const lastHash = results[0].last_hash;
    expect((await mco('audit', 'verify', file(), '--last', lastHash)).code).to.equal(0);
    const text = readFileSync(file(), 'utf8');
    writeFileSync(file(), text.slice(0, text.trimEnd().lastIndexOf('\n') + 1));
    const { code, stdout } = await mco('audit', 'verify', file(), '--last', lastHash);
    expect(code).to.equal(2);
    expect(stdout).to.include(`it ends with another line than ${lastHash}`);
  });

  it('verifies the audit of mcod where none is named', async () => {
    const config = folder.join('mcod.yaml');
    writeFileSync(config, JSON.stringify({ audit: { file: file() } }));
    expect((await mco('audit', 'verify', '--mcod', config)).stdout).to.match(/^whole: .*: 10 lines/);
    writeFileSync(config, '{}');
    expect(await mco('audit', 'verify', '--mcod', config)).to.deep.equal({
      code: 1,
      stdout: '',
      stderr: `mco: name the file of an audit: ${config} names none [USAGE_INVALID]\n`,
    });
  });

  it('says what cannot be read', async () => {
    const { code, stderr } = await mco('audit', 'verify', folder.join('nowhere.jsonl'));
    expect(code).to.equal(1);
    expect(stderr).to.match(/^mco: cannot read the audit log .*nowhere\.jsonl: no such file/);
  });
});
