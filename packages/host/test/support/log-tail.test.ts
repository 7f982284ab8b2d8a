import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { logTail } from '../../src/support/log-tail.js';

describe('the end of a log', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-tail-'));
    file = join(folder, 'mcod.log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has its last lines', async () => {
    writeFileSync(file, 'one\ntwo\nthree\n');
    expect(await logTail(file, 2)).to.equal('two\nthree\n');
  });

  it('begins with a whole line if the log is long', async () => {
    const line = `${'x'.repeat(999)}\n`;
    writeFileSync(file, line.repeat(400));
    const lines = (await logTail(file, 1000)).trimEnd().split('\n');
    expect(new Set(lines)).to.deep.equal(new Set([line.trimEnd()]));
    expect(lines).to.have.length(262);
  });

  it('is refused, not waited for, if a FIFO is in its place', async () => {
    execFileSync('mkfifo', [file]);
    const error: unknown = await logTail(file, 2).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message', `${file} is not a regular file`);
  });
});
