import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createLogger, type LogLevel, lateLogger } from '../../src/log/logger.js';

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
