import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLogger, createSwitchedLogger, type LogLevel, lateLogger } from '../../src/log/logger.js';

describe('a logger that is made late', () => {
  const late = (level: LogLevel) => {
    const lines: Record<string, unknown>[] = [];
    let made = 0;
    const log = lateLogger(level, () => {
      made += 1;
      return createLogger({ level, destination: { write: (line) => lines.push(JSON.parse(line)) } });
    });
    return { log, lines, made: () => made };
  };

  it('is not made for what its level leaves out', () => {
    const { log, made } = late('warn');
    log.info('nothing');
    log.child({ agent: 'a' }).debug({ password: 'x' }, 'nothing');
    expect(made()).to.equal(0);
  });

  it('is made once, and writes its lines and those of a child', () => {
    const { log, lines, made } = late('warn');
    log.warn({ url: 'u', password: 'x' }, 'first');
    log.child({ agent: 'a' }).error('second');
    log.fatal('third');
    expect(made()).to.equal(1);
    expect(lines.map(({ time, ...line }) => line)).to.deep.equal([
      { level: 40, url: 'u', password: '[redacted]', msg: 'first' },
      { level: 50, agent: 'a', msg: 'second' },
      { level: 60, msg: 'third' },
    ]);
  });

  it('is never made if nothing is logged', () => {
    const { log, made } = late('silent');
    log.fatal('nothing');
    expect(made()).to.equal(0);
  });
});

describe('a logger to a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const messages = (file: string) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).msg);

  it('writes to another file when it is reopened, with its children', () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const { log, reopen } = createSwitchedLogger({ level: 'info', format: 'json', file: one });
    const child = log.child({ agent: 'a' });
    log.info('first');
    reopen?.(two);
    log.info('second');
    child.info('third');
    expect(messages(one)).to.deep.equal(['first']);
    expect(messages(two)).to.deep.equal(['second', 'third']);
  });

  it('keeps its file if the new one cannot be opened', () => {
    const file = join(folder, 'one');
    const { log, reopen } = createSwitchedLogger({ level: 'info', format: 'json', file });
    expect(() => reopen?.(join(file, 'below'))).to.throw(/ENOTDIR|EEXIST/);
    log.info('still here');
    expect(messages(file)).to.deep.equal(['still here']);
  });

  it('survives a full disk, reports that once, and writes to standard error', function () {
    if (!existsSync('/dev/full')) return this.skip();
    const code = `
      const { createLogger } = await import(${JSON.stringify(new URL('../../src/log/logger.js', import.meta.url).href)});
      const log = createLogger({ level: 'info', file: '/dev/full' });
      for (let line = 0; line < 3; line += 1) log.info({ line }, 'elsewhere');
      await new Promise((resolve) => setImmediate(resolve));
      console.log('alive');`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).to.deep.equal({ status: 0, stdout: 'alive\n' });
    const [report, ...lines] = stderr.trimEnd().split('\n');
    expect(report).to.equal(
      'cannot write /dev/full: ENOSPC: no space left on device: the log goes to standard error',
    );
    expect(lines.map((line) => JSON.parse(line).line)).to.deep.equal([0, 1, 2]);
  });
});
