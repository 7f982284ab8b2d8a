import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Heard } from '../../src/daemon/heard.js';
import { type DaemonStatus, readStatusFile } from '../../src/daemon/status.js';
import { StatusFile, statusFileOf } from '../../src/daemon/status-file.js';
import { silentLogger } from '../../src/log.js';
import { until } from '../until.js';

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
  ] as const) {
    it(`is refused in one line when it is ${what}`, () => {
      writeFileSync(file, text);
      expect(() => readStatusFile(file))
        .to.throw(`cannot read the status file ${file}: `)
        .and.include({ code: 'FILE_UNREADABLE' });
    });
  }

  it('is in the state folder unless it is told otherwise', () => {
    expect(statusFileOf({ state_dir: '/var/lib/troupe' })).to.equal('/var/lib/troupe/status.json');
    expect(statusFileOf({ state_dir: '/x', status_file: '/run/t.json' })).to.equal('/run/t.json');
  });
});

describe('the clocks of callers', () => {
  it('say how far ours is ahead: the nearest of the last, for a message may have waited on its way', () => {
    const heard = new Heard();
    expect([heard.last, heard.clockSkew]).to.deep.equal([undefined, undefined]);
    heard.note(1_000, 31_000);
    expect(heard.clockSkew).to.equal(30);
    heard.note(40_000, 38_000);
    expect([heard.last, heard.clockSkew]).to.deep.equal([38_000, -2]);
    for (let index = 0; index < 16; index += 1) heard.note(0, 60_000);
    expect(heard.clockSkew).to.equal(60);
  });
});
