import { PassThrough } from 'node:stream';
import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readProgress } from '../../../src/agents/external/progress.js';
import { keptLog, type LogLine } from './actor.js';

describe('the progress of a process', () => {
  let told: unknown[];
  let lines: LogLine[];
  let stream: PassThrough;
  let finish: () => void;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    told = [];
    const kept = keptLog();
    lines = kept.lines;
    stream = new PassThrough();
    finish = readProgress(stream, (data) => told.push(data), kept.log);
  });
  afterEach(() => {
    stream.destroy();
    mock.timers.reset();
  });

  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const write = async (text: string) => {
    stream.write(text);
    await turn();
  };
  const many = (count: number, first = 1) =>
    Array.from({ length: count }, (_, index) => `${first + index}\n`).join('');
  const warnings = () => lines.map(({ level, msg, reason }) => [level, msg, reason]);

  it('is passed on value by value, without blank lines', async () => {
    await write('{"percent": 50}\n\n  \n"half"\n7');
    expect(told).to.deep.equal([{ percent: 50 }, 'half']);
    stream.end();
    await turn();
    expect(told).to.deep.equal([{ percent: 50 }, 'half', 7]);
    expect(lines).to.deep.equal([]);
  });

  it('is dropped if it is not JSON, which is logged once', async () => {
    await write('nonsense\n1, 2\n"fine"\nnonsense\n');
    expect(told).to.deep.equal(['fine']);
    expect(warnings()).to.deep.equal([
      [40, 'a line of progress is not valid JSON: ignored', 'the message is not JSON in UTF-8'],
    ]);
  });

  it('is dropped if a line holds two values', async () => {
    await write('1, 2\n');
    expect(told).to.deep.equal([]);
    expect(warnings()).to.deep.equal([
      [40, 'a line of progress is not valid JSON: ignored', 'expected one JSON value per line'],
    ]);
  });

  it('is limited to lines of 64 KiB', async () => {
    await write(`"${'x'.repeat(64 * 1024 - 2)}"\n"fine"\n`);
    expect(told).to.have.length(2);
    await write(`"${'x'.repeat(64 * 1024 - 1)}"\n`);
    expect(told).to.have.length(2);
    expect(lines).to.have.length(1);
  });

  it('is read 500 lines at once, then 100 per second, while the writer waits', async () => {
    await write(many(700));
    expect(told).to.have.length(500);
    expect(stream.isPaused()).to.equal(true);
    mock.timers.tick(999);
    expect(told).to.have.length(500);
    mock.timers.tick(1);
    expect(told).to.have.length(600);
    expect(stream.isPaused()).to.equal(true);
    mock.timers.tick(1000);
    expect(told).to.have.length(700);
    expect(stream.isPaused()).to.equal(false);
    expect(told).to.deep.equal(Array.from({ length: 700 }, (_, index) => index + 1));
  });

  it('accumulates no more than 100 lines of allowance per second', async () => {
    await write(many(499));
    mock.timers.tick(60_000);
    await write(many(499, 500));
    expect(told).to.have.length(599);
    mock.timers.tick(1000);
    expect(told).to.have.length(699);
  });

  it('is read to its end, up to 500 more lines, when the writer has ended', async () => {
    await write(many(900));
    finish();
    expect(told).to.have.length(900);
    expect(lines).to.deep.equal([]);
    expect(stream.isPaused()).to.equal(false);
  });

  it('is cut after that, which is logged', async () => {
    await write(many(1001));
    finish();
    expect(told).to.have.length(1000);
    expect(warnings()).to.deep.equal([
      [40, 'the rest of the progress was dropped', 'more than 500 lines were waiting at the end'],
    ]);
    mock.timers.tick(10_000);
    expect(told).to.have.length(1000);
  });

  it('ends when its pipe breaks', async () => {
    await write(many(600));
    stream.destroy(new Error('EPIPE'));
    await turn();
    mock.timers.tick(10_000);
    expect(told).to.have.length(500);
  });
});
