import { expect } from 'chai';
import { describe, it } from 'mocha';
import { KeyedSerial, Serial } from '../../src/async/index.js';

describe('serial work by key', () => {
  it('runs what is of one key in order, and what is of others meanwhile', async () => {
    const queue = new KeyedSerial();
    const seen: string[] = [];
    let openGate = () => {};
    const gate = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    const first = queue.run('a', async () => {
      await gate;
      seen.push('a1');
    });
    const second = queue.run('a', async () => seen.push('a2'));
    await queue.run('b', async () => seen.push('b'));
    expect(seen).to.deep.equal(['b']);
    openGate();
    await Promise.all([first, second]);
    expect(seen).to.deep.equal(['b', 'a1', 'a2']);
  });

  it('continues after a failure, which it passes on', async () => {
    const queue = new KeyedSerial();
    const failing = queue.run('a', () => Promise.reject(new Error('no')));
    const next = queue.run('a', async () => 'yes');
    expect(await failing.catch((error: Error) => error.message)).to.equal('no');
    expect(await next).to.equal('yes');
  });

  it('does not start aborted work', async () => {
    const queue = new KeyedSerial();
    const abort = new AbortController();
    let hasRun = false;
    let openGate = () => {};
    const first = queue.run(
      'a',
      () =>
        new Promise<void>((resolve) => {
          openGate = resolve;
        }),
    );
    const second = queue.run(
      'a',
      async () => {
        hasRun = true;
      },
      abort.signal,
    );
    abort.abort(new Error('gone'));
    await Promise.resolve();
    openGate();
    await first;
    expect(await second.catch((error: Error) => error.message)).to.equal('gone');
    expect(hasRun).to.equal(false);
  });

  it('is idle when all of all keys has ended, also what failed', async () => {
    const queue = new KeyedSerial();
    const seen: string[] = [];
    const late = (name: string) =>
      queue.run(name, () => new Promise(setImmediate).then(() => seen.push(name)));
    const failing = queue.run('c', () => Promise.reject(new Error('no'))).catch(() => seen.push('c'));
    const all = [late('a'), late('b'), failing];
    await queue.idle();
    expect(seen.sort()).to.deep.equal(['a', 'b', 'c']);
    await Promise.all(all);
    await queue.idle();
  });
});

describe('serial work', () => {
  it('is done in order, each task when the one before has ended or failed', async () => {
    const serial = new Serial();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await new Promise(setImmediate);
      seen.push(`${name} ends`);
      if (name === 'b') throw new Error('no');
      return name;
    };
    const [a, b, c] = ['a', 'b', 'c'].map((name) => serial.run(work(name)));
    expect(await b?.catch(String)).to.equal('Error: no');
    expect([await a, await c]).to.deep.equal(['a', 'c']);
    expect(seen).to.deep.equal(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('takes a task that throws at once for one that fails', async () => {
    const serial = new Serial();
    const thrown = serial.run(() => {
      throw new Error('no');
    });
    expect(await thrown.catch(String)).to.equal('Error: no');
    expect(await serial.run(() => 'yes')).to.equal('yes');
    await serial.idle();
  });
});
