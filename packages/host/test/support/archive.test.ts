import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseTarGzip } from 'nanotar';
import { SupportArchive, supportFileName } from '../../src/support/archive.js';

describe('a support archive', () => {
  const time = new Date('2026-02-03T04:05:06.789Z');
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-archive-'));
    file = join(folder, 'support.tar.gz');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const readBack = async () => {
    const files = await parseTarGzip(readFileSync(file));
    return Object.fromEntries(files.map(({ name, text }) => [name, text]));
  };

  it('holds what was collected, and a list of it', async () => {
    const archive = new SupportArchive('support', time);
    await archive.collect('a.txt', 'a text', () => 'one\n');
    await archive.collect('b/c.json', 'an object', async () => ({ two: 2 }));
    await archive.write(file);
    const files = await readBack();
    expect(Object.keys(files)).to.deep.equal(['support/CONTENTS.txt', 'support/a.txt', 'support/b/c.json']);
    expect(files['support/a.txt']).to.equal('one\n');
    expect(JSON.parse(files['support/b/c.json'] ?? '')).to.deep.equal({ two: 2 });
    expect(files['support/CONTENTS.txt']).to.include('a.txt\n    a text\nb/c.json\n    an object\n');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('says why something could not be collected, and holds the rest', async () => {
    const archive = new SupportArchive('support', time);
    await archive.collect('a.txt', 'a text', () => {
      throw new Error('EACCES: permission denied, password=hunter2');
    });
    await archive.collect('b.txt', 'another', () => 'two');
    await archive.write(file);
    const reason = 'could not be collected: EACCES: permission denied, password=[redacted]';
    expect(await readBack()).to.include({ 'support/a.txt': `${reason}\n`, 'support/b.txt': 'two' });
    expect(archive.summary(file)).to.include(`  a.txt  ${reason}\n  b.txt  another\n`);
  });

  it('removes secrets from texts and from strings of objects, which stay JSON', async () => {
    const archive = new SupportArchive('support', time);
    await archive.collect('a.txt', 'a text', () => 'mqtt://u:hunter2@mq.lab');
    await archive.collect('b.json', 'an object', () => ({ token: { id: 'x' }, reason: 'password=hunter2' }));
    await archive.write(file);
    const files = await readBack();
    expect(files['support/a.txt']).to.equal('mqtt://[redacted]@mq.lab');
    expect(JSON.parse(files['support/b.json'] ?? '')).to.deep.equal({
      token: { id: 'x' },
      reason: 'password=[redacted]',
    });
  });

  it('does not overwrite a file', async () => {
    writeFileSync(file, 'mine');
    const message = `cannot write the archive ${file}: it exists already; choose another --output`;
    let caught: unknown;
    await new SupportArchive('support', time).write(file).catch((error: unknown) => {
      caught = error;
    });
    expect(caught).to.include({ code: 'FILE_UNREADABLE', message });
    expect(readFileSync(file, 'utf8')).to.equal('mine');
  });

  it('leaves no file if the disk is full', async function () {
    if (!existsSync('/dev/full')) return this.skip();
    let caught: unknown;
    await new SupportArchive('support', time).write('/dev/full').catch((error: unknown) => {
      caught = error;
    });
    expect(caught).to.have.property('code', 'FILE_UNREADABLE');
  });

  it('is named after host and time', () => {
    expect(supportFileName(time)).to.match(/^troupe-support-[\w-]+-20260203T040506Z$/);
  });
});
