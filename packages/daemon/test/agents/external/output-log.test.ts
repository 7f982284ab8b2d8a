import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { logOutput } from '../../../src/agents/external/output-log.js';
import { keptLog } from './actor.js';

const kib = 1024;

describe('the output of a process', () => {
  async function logged(chunks: readonly string[], most = 1024 * kib, name: 'stdout' | 'stderr' = 'stdout') {
    const { log, lines } = keptLog();
    let floods = 0;
    const stream = new PassThrough();
    logOutput(stream, name, log, most, () => (floods += 1));
    for (const chunk of chunks) {
      stream.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end();
    await finished(stream);
    return { lines, floods, sizes: lines.map(({ msg }) => msg.length) };
  }

  it('is logged line by line: standard output at info, standard error at error', async () => {
    const levels = async (name: 'stdout' | 'stderr') =>
      (await logged(['a\nb'], kib, name)).lines.map(({ level, msg, stream }) => [level, msg, stream]);
    expect(await levels('stdout')).to.deep.equal([
      [30, 'a', 'stdout'],
      [30, 'b', 'stdout'],
    ]);
    expect(await levels('stderr')).to.deep.equal([
      [50, 'a', 'stderr'],
      [50, 'b', 'stderr'],
    ]);
  });

  it('has its lines cut at 4096 characters', async () => {
    expect((await logged([`${'x'.repeat(4097)}\n`])).sizes).to.deep.equal([4096, 1]);
  });

  it('is logged up to 64 KiB', async () => {
    const { lines, sizes } = await logged(['x'.repeat(64 * kib)]);
    expect(sizes.reduce((a, b) => a + b)).to.equal(64 * kib);
    expect(lines.every(({ level }) => level === 30)).to.equal(true);
  });

  it('is cut after 64 KiB, which is logged once', async () => {
    const { lines, sizes } = await logged(['x'.repeat(60 * kib), 'y'.repeat(5 * kib), 'z\n', 'z\n']);
    expect(lines.at(-1)).to.include({
      level: 40,
      stream: 'stdout',
      msg: 'the rest of the output is not logged: it has more than 65536 bytes',
    });
    expect(sizes.slice(0, -1).reduce((a, b) => a + b)).to.equal(64 * kib);
    expect(lines.filter(({ level }) => level === 40)).to.have.length(1);
  });

  it('is cut, with a warning, if it continues after exactly 64 KiB', async () => {
    const { lines } = await logged(['x'.repeat(64 * kib), 'y\n', 'z\n']);
    expect(lines.filter(({ level }) => level === 40)).to.have.length(1);
    expect(lines.some(({ msg }) => msg === 'y' || msg === 'z')).to.equal(false);
  });

  for (const [chunks, floods] of [
    [['x'.repeat(100)], 0],
    [['x'.repeat(101)], 1],
    [['x'.repeat(100), 'y'], 1],
    [['x'.repeat(101), 'y'], 1],
  ] as const) {
    it(`reports ${floods} floods for chunks of ${chunks.map(({ length }) => length).join(' and ')} bytes with a limit of 100`, async () => {
      expect((await logged(chunks, 100)).floods).to.equal(floods);
    });
  }
});
