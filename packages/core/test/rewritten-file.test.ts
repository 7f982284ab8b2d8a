import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLogger } from '../src/log/logger.js';
import { RewrittenFile } from '../src/rewritten-file.js';

describe('RewrittenFile', () => {
  let folder: string;
  let file: string;
  let lines: { level: number; msg: string; reason?: string; file?: string }[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rewritten-'));
    file = join(folder, 'status.json');
    lines = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const log = createLogger({
    level: 'trace',
    destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
  });
  const open = (seconds: number, read: () => string) =>
    new RewrittenFile({ file, what: 'the status file', seconds, read, log });

  it('is written at its interval, on request, and at the end; nothing else is left', async () => {
    let count = 0;
    const written = open(0.01, () => `${++count}`);
    await until('it is written again and again', () => count > 3);
    for (let times = 0; times < 100; times += 1) written.write();
    const before = count;
    await written.close();
    // Those that came while it was written are one.
    expect(count).to.be.within(before + 1, before + 3);
    expect(readFileSync(file, 'utf8')).to.equal(`${count}`);
    expect(readdirSync(folder)).to.deep.equal(['status.json']);
  });

  it('removes what a program left that was killed while it wrote', async () => {
    const left = join(folder, '.status.json.0123456789ab.tmp');
    writeFileSync(left, '{');
    writeFileSync(join(folder, 'other.tmp'), '');
    const written = open(60, () => '');
    expect(existsSync(left)).to.equal(false);
    await written.close();
    expect(readdirSync(folder).sort()).to.deep.equal(['other.tmp', 'status.json']);
  });

  it('logs once that it cannot be written, and continues to try', async () => {
    mkdirSync(file);
    let count = 0;
    const written = open(0.01, () => `${++count}`);
    await until('it tried three times', () => count > 3);
    expect(written.fault).to.equal(`cannot write ${file}: EISDIR: illegal operation on a directory`);
    expect(lines.map(({ msg }) => msg)).to.deep.equal(['cannot write the status file']);
    rmSync(file, { recursive: true });
    await written.close();
    expect(written.fault).to.equal(undefined);
    expect(readFileSync(file, 'utf8')).to.equal(`${count}`);
  });

  it('logs each new failure once, and leaves no temporary file', async () => {
    let fails = true;
    const written = open(3600, () => {
      if (fails) throw new Error('no status');
      return 'fine';
    });
    const logged = (times: number) => until('it was tried', () => lines.length === times);
    await logged(1);
    fails = false;
    written.write();
    await until('it is written', () => existsSync(file));
    fails = true;
    written.write();
    await logged(2);
    await written.close();
    expect(lines.map(({ level, msg, reason, file: where }) => [level, msg, reason, where])).to.deep.equal(
      Array(2).fill([40, 'cannot write the status file', 'no status', file]),
    );
    expect(readdirSync(folder)).to.deep.equal(['status.json']);
    expect(statSync(file).mode & 0o777).to.equal(0o644 & ~process.umask());
  });

  it('is gone after it was removed, also while it is written', async () => {
    const written = open(0.01, () => 'fine');
    await until('it is written', () => existsSync(file));
    for (let times = 0; times < 10; times += 1) written.write();
    await written.remove();
    expect(readdirSync(folder)).to.deep.equal([]);
    expect(lines).to.deep.equal([]);
  });

  it('neither replaces nor removes what is not a regular file', async () => {
    symlinkSync('/dev/null', file);
    const written = open(60, () => 'fine');
    await written.remove();
    expect(readlinkSync(file)).to.equal('/dev/null');
    expect(readdirSync(folder)).to.deep.equal(['status.json']);
    expect(lines).to.deep.equal([]);
  });
});
