import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readRegularFile, readRegularFileSync } from '../src/regular-file.js';

describe('reading a regular file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'regular-'));
    file = join(folder, 'file');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What both ways of reading come to. */
  const read = async (options = {}) => {
    const attempt = (work: () => Buffer | Promise<Buffer>) =>
      (async () => (await work()).toString())().catch((error: Error) => error.message);
    const both = [
      await attempt(() => readRegularFileSync(file, options)),
      await attempt(() => readRegularFile(file, options)),
    ];
    expect(both[0]).to.equal(both[1]);
    return both[0];
  };

  it('gives all bytes of it', async () => {
    for (const text of ['', 'a', 'b'.repeat(200_000)]) {
      writeFileSync(file, text);
      expect(await read()).to.equal(text);
    }
  });

  it('reads files that do not state their size', async function () {
    if (!existsSync('/proc/version')) skip(this, 'there is no /proc here');
    symlinkSync('/proc/version', file);
    expect(await read()).to.match(/^Linux/);
    expect(await read({ most: 4 })).to.equal('it has more than 4 bytes');
  });

  it('refuses a file with more bytes than the limit', async () => {
    writeFileSync(file, '12345');
    expect(await read({ most: 5 })).to.equal('12345');
    expect(await read({ most: 4 })).to.equal('it has 5 bytes; the limit is 4');
  });

  it('refuses a FIFO and a device at once', async function () {
    if (spawnSync('mkfifo', [file]).status !== 0) skip(this, 'there is no mkfifo here');
    expect(await read()).to.equal('it is a FIFO, not a regular file');
    rmSync(file);
    symlinkSync('/dev/zero', file);
    expect(await read()).to.equal('it is a device, not a regular file');
  });

  it('says what the system says of a missing file and of a folder', async () => {
    expect(await read()).to.include('ENOENT');
    file = folder;
    expect(await read()).to.include('EISDIR');
  });

  it('reads a stream that a shell hands over', function () {
    const module = new URL('../src/regular-file.js', import.meta.url).href;
    const code = `import { readRegularFileSync as read } from ${JSON.stringify(module)};
      process.stdout.write(read(process.argv[1]))`;
    const program = `"${process.execPath}" --input-type=module -e '${code}' <(printf hello)`;
    const { stdout, error } = spawnSync('bash', ['-c', program], { encoding: 'utf8' });
    if (error) skip(this, 'there is no bash here');
    expect(stdout).to.equal('hello');
  });
});
