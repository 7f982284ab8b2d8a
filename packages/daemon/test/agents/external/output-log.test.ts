import { expect } from 'chai';
import { describe, it } from 'mocha';
import { OutputLog } from '../../../src/agents/external/output-log.js';
import { keptLog } from './actor.js';

const kib = 1024;

describe('the output of a process', () => {
  function logged(chunks: readonly string[], name: 'stdout' | 'stderr' = 'stdout') {
    const { log, lines } = keptLog();
    const sink = new OutputLog(name, log);
    for (const chunk of chunks) sink.write(Buffer.from(chunk));
    sink.end();
    return { lines, sizes: lines.map(({ msg }) => msg.length) };
  }

  it('is logged line by line: standard output at info, standard error at error', () => {
    const levels = (name: 'stdout' | 'stderr') =>
      logged(['a\nb'], name).lines.map(({ level, msg, stream }) => [level, msg, stream]);
    expect(levels('stdout')).to.deep.equal([
      [30, 'a', 'stdout'],
      [30, 'b', 'stdout'],
    ]);
    expect(levels('stderr')).to.deep.equal([
      [50, 'a', 'stderr'],
      [50, 'b', 'stderr'],
    ]);
  });

  it('has its lines cut at 4096 characters', () => {
    expect(logged([`${'x'.repeat(4097)}\n`]).sizes).to.deep.equal([4096, 1]);
  });

  it('is logged up to 64 KiB', () => {
    const { lines, sizes } = logged(['x'.repeat(64 * kib)]);
    expect(sizes.reduce((a, b) => a + b)).to.equal(64 * kib);
    expect(lines.every(({ level }) => level === 30)).to.equal(true);
  });

  it('is cut after 64 KiB, which is logged once', () => {
    const { lines, sizes } = logged(['x'.repeat(60 * kib), 'y'.repeat(5 * kib), 'z\n', 'z\n']);
    expect(lines.at(-1)).to.include({
      level: 40,
      stream: 'stdout',
      msg: 'the output exceeds 65536 bytes: the rest is not logged',
    });
    expect(sizes.slice(0, -1).reduce((a, b) => a + b)).to.equal(64 * kib);
    expect(lines.filter(({ level }) => level === 40)).to.have.length(1);
  });

  it('is cut, with a warning, if it continues after exactly 64 KiB', () => {
    const { lines } = logged(['x'.repeat(64 * kib), 'y\n', 'z\n']);
    expect(lines.filter(({ level }) => level === 40)).to.have.length(1);
    expect(lines.some(({ msg }) => msg === 'y' || msg === 'z')).to.equal(false);
  });
});
