import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ClockSkew } from '../../src/request/clock-skew.js';
import { type DaemonStatus, readStatusFile } from '../../src/status/status.js';
import { openStatusFile, statusFileOf } from '../../src/status/status-file.js';

describe('the status file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'status-'));
    file = join(folder, 'status.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const some = (pid: number) => ({ v: 1, pid, time: Date.now(), state: 'running' }) as DaemonStatus;

  it('is written at once, in full', async () => {
    const status = openStatusFile({ file, seconds: 60, read: () => some(7), log: silentLogger });
    await status.close();
    expect(readStatusFile(file).pid).to.equal(7);
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
