import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ClockSkew } from '../../src/request/clock-skew.js';
import { type DaemonStatus, readStatusFile } from '../../src/status/status.js';
import { StatusFile, statusFileOf } from '../../src/status/status-file.js';
import { keptLog } from '../agents/external/actor.js';

describe('StatusFile', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'status-'));
    file = join(folder, 'status.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const some = (pid: number) => ({ v: 1, pid, time: Date.now(), state: 'running' }) as DaemonStatus;

  it('is written at its interval, when it is told so, and at the end; nothing else is left', async () => {
    let count = 0;
    const read = () => {
      count += 1;
      return some(count);
    };
    const status = new StatusFile({ file, seconds: 0.01, read, log: silentLogger });
    await until('it is written again and again', () => count > 3);
    for (let times = 0; times < 100; times += 1) status.write();
    const before = count;
    await status.close();
    // Those that came while it was written are one.
    expect(count).to.be.within(before + 1, before + 3);
    expect(readStatusFile(file).pid).to.equal(count);
    expect(readdirSync(folder)).to.deep.equal(['status.json']);
  });

  it('removes what a daemon left that was killed while it wrote', async () => {
    const left = join(folder, '.status.json.0123456789ab.tmp');
    writeFileSync(left, '{');
    writeFileSync(join(folder, 'other.tmp'), '');
    const status = new StatusFile({ file, seconds: 60, read: () => some(1), log: silentLogger });
    expect(existsSync(left)).to.equal(false);
    await status.close();
    expect(readdirSync(folder).sort()).to.deep.equal(['other.tmp', 'status.json']);
  });

  it('says once that it cannot be written, and goes on trying', async () => {
    let warnings = 0;
    const log = { ...silentLogger, warn: () => (warnings += 1) } as typeof silentLogger;
    mkdirSync(file);
    let count = 0;
    const read = () => {
      count += 1;
      return some(1);
    };
    const status = new StatusFile({ file, seconds: 0.01, read, log });
    await until('it tried three times', () => count > 3);
    expect(warnings).to.equal(1);
    rmSync(file, { recursive: true });
    await status.close();
    expect(readStatusFile(file).pid).to.equal(1);
  });

  for (const [what, text] of [
    ['of another version', '{"v":2,"pid":1,"time":1}'],
    ['damaged', '{'],
    ['of something else', 'null'],
    ['without the process', '{"v":1,"time":1}'],
    ['without the time', '{"v":1,"pid":1}'],
    ['larger than 1 MiB', '{"v":1,"pid":1,"time":1}'.padEnd(1024 * 1024 + 1)],
  ] as const) {
    it(`is refused in one line when it is ${what}`, () => {
      writeFileSync(file, text);
      expect(() => readStatusFile(file))
        .to.throw(`cannot read the status file ${file}: `)
        .and.include({ code: 'FILE_UNREADABLE' });
    });
  }

  it('is read up to 1 MiB, and refused if it is missing', () => {
    writeFileSync(file, '{"v":1,"pid":7,"time":1}'.padEnd(1024 * 1024));
    expect(readStatusFile(file).pid).to.equal(7);
    rmSync(file);
    expect(() => readStatusFile(file))
      .to.throw('ENOENT')
      .and.include({ code: 'FILE_UNREADABLE' });
  });

  it('logs each new failure once, and leaves no temporary file', async () => {
    const { log, lines } = keptLog();
    let fails = true;
    const read = () => {
      if (fails) throw new Error('no status');
      return some(1);
    };
    const status = new StatusFile({ file, seconds: 3600, read, log });
    const written = (times: number) => until('it was tried', () => lines.length === times);
    await written(1);
    fails = false;
    status.write();
    await until('it is written', () => existsSync(file));
    fails = true;
    status.write();
    await written(2);
    await status.close();
    expect(lines.map(({ level, msg, reason, file: where }) => [level, msg, reason, where])).to.deep.equal(
      Array(2).fill([40, 'cannot write the status file', 'no status', file]),
    );
    expect(readdirSync(folder)).to.deep.equal(['status.json']);
    expect(statSync(file).mode & 0o777).to.equal(0o644 & ~process.umask());
  });

  it('is in the state folder unless it is told otherwise', () => {
    expect(statusFileOf({ state_dir: '/var/lib/troupe' })).to.equal('/var/lib/troupe/status.json');
    expect(statusFileOf({ state_dir: '/x', status_file: '/run/t.json' })).to.equal('/run/t.json');
  });
});

describe('the clocks of callers', () => {
  it('say how far ours is ahead: the nearest of the last, for a message may have waited on its way', () => {
    const skew = new ClockSkew();
    expect([skew.last, skew.seconds]).to.deep.equal([undefined, undefined]);
    skew.note(1_000, 31_000);
    expect(skew.seconds).to.equal(30);
    skew.note(40_000, 38_000);
    expect([skew.last, skew.seconds]).to.deep.equal([38_000, -2]);
    for (let index = 0; index < 15; index += 1) skew.note(0, 60_000);
    expect(skew.seconds, 'of the last 16').to.equal(-2);
    skew.note(0, 60_000);
    expect([skew.last, skew.seconds]).to.deep.equal([60_000, 60]);
    skew.note(60_000, 0);
    expect(skew.seconds, 'of two that are equally near, the first').to.equal(60);
  });
});
