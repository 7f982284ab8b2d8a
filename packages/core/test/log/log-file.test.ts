import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LogFile } from '../../src/log/log-file.js';

describe('a log file', () => {
  let folder: string;
  let now: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-log-file-'));
    now = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made together with its folder', () => {
    const file = join(folder, 'a', 'b', 'log');
    const log = new LogFile(file);
    log.write('one\n');
    expect(readFileSync(file, 'utf8')).to.equal('one\n');
    expect(log.fault).to.equal(undefined);
  });

  it('gets the lines as soon as it can be opened, which is tried once a second', () => {
    const inTheWay = join(folder, 'logs');
    writeFileSync(inTheWay, '');
    const log = new LogFile(join(inTheWay, 'log'), { now: () => now });
    log.write('one\n');
    expect(log.fault).to.match(/^cannot write .*\/logs\/log: (EEXIST|ENOTDIR): /);
    rmSync(inTheWay);
    log.write('two\n');
    expect(log.fault, 'not a second later').to.be.a('string');
    now = 1000;
    expect(log.fault).to.equal(undefined);
    log.write('three\n');
    expect(readFileSync(join(inTheWay, 'log'), 'utf8')).to.equal('one\ntwo\nthree\n');
    expect(log.fault).to.equal(undefined);
  });

  it('keeps a mebibyte of lines at most', () => {
    const inTheWay = join(folder, 'logs');
    writeFileSync(inTheWay, '');
    const log = new LogFile(join(inTheWay, 'log'), { now: () => now });
    const line = `${'x'.repeat(1023)}\n`;
    for (let count = 0; count < 1030; count += 1) log.write(line);
    rmSync(inTheWay);
    now = 1000;
    log.write('');
    expect(readFileSync(join(inTheWay, 'log'), 'utf8')).to.have.length(1024 * 1024);
  });

  it('is made again within a second if it was moved away', () => {
    const file = join(folder, 'log');
    const log = new LogFile(file, { now: () => now });
    log.write('1\n');
    renameSync(file, `${file}.1`);
    log.write('2\n');
    now = 1000;
    log.write('3\n');
    expect([`${file}.1`, file].map((name) => readFileSync(name, 'utf8'))).to.deep.equal(['1\n2\n', '3\n']);
  });

  it('is opened again if it can be', () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const log = new LogFile(one);
    log.write('1\n');
    log.reopen(two);
    log.write('2\n');
    expect(() => log.reopen(join(two, 'below'))).to.throw(/ENOTDIR|EEXIST/);
    log.write('3\n');
    expect([one, two].map((file) => readFileSync(file, 'utf8'))).to.deep.equal(['1\n', '2\n3\n']);
  });

  it('does not stop the program if it is a FIFO that nobody reads', function () {
    const fifo = join(folder, 'fifo');
    if (spawnSync('mkfifo', [fifo]).status !== 0) return this.skip();
    const log = new LogFile(fifo, { now: () => now });
    log.write('one\n');
    expect(log.fault).to.match(/ENXIO/);
    mkdirSync(join(folder, 'other'));
    log.reopen(join(folder, 'other', 'log'));
    expect(readFileSync(join(folder, 'other', 'log'), 'utf8')).to.equal('one\n');
  });
});
