import { execFileSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Screen } from '../../src/terminal/screen.js';

/** Both streams, as one who reads them sees them: each write as it arrives. */
function seen() {
  const writes: string[] = [];
  const stream = (name: string) =>
    new Writable({
      write: (chunk, _encoding, done) => {
        writes.push(`${name}: ${chunk}`);
        done();
      },
      writev: (chunks, done) => {
        writes.push(`${name}: ${chunks.map(({ chunk }) => chunk).join('')}`);
        done();
      },
    }) as NodeJS.WriteStream;
  return { writes, screen: new Screen({ stdout: stream('out'), stderr: stream('err') }) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('Screen', () => {
  it('writes what is printed in one turn of the loop at once', async () => {
    const { writes, screen } = seen();
    for (const line of ['a', 'b', 'c']) screen.print(line);
    expect(writes).to.deep.equal([]);
    await turn();
    expect(writes).to.deep.equal(['out: a\nb\nc\n']);
    screen.print('d');
    await turn();
    expect(writes).to.deep.equal(['out: a\nb\nc\n', 'out: d\n']);
  });

  it('keeps the order of data and notes', async () => {
    const { writes, screen } = seen();
    screen.print('a');
    screen.warn('careful');
    screen.print('b');
    await turn();
    expect(writes).to.deep.equal(['out: a\n', 'err: careful\n', 'out: b\n']);
  });

  it('loses nothing if the process exits in the same turn, and leaves no listener', async () => {
    const module = new URL('../../src/terminal/screen.js', import.meta.url).href;
    const program = `import { Screen } from '${module}'; new Screen().print('last words'); process.exit(3);`;
    const words = ['--input-type=module', '-e', program];
    let stdout = '';
    try {
      execFileSync(process.execPath, words, { encoding: 'utf8' });
    } catch (error) {
      ({ stdout } = error as { stdout: string });
    }
    expect(stdout).to.equal('last words\n');
    const before = process.listenerCount('exit');
    const { screen } = seen();
    for (let line = 0; line < 30; line += 1) {
      screen.print('x');
      await turn();
    }
    expect(process.listenerCount('exit')).to.equal(before);
  });
});
