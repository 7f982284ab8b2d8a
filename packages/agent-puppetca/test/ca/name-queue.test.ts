import { expect } from 'chai';
import { describe, it } from 'mocha';
import { NameQueue } from '../../src/ca/name-queue.js';

describe('queue of a name', () => {
  it('runs what is of one name in order, and what is of others meanwhile', async () => {
    const queue = new NameQueue();
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

  it('goes on after a failure, which it passes on', async () => {
    const queue = new NameQueue();
    const failing = queue.run('a', () => Promise.reject(new Error('no')));
    const next = queue.run('a', async () => 'yes');
    expect(await failing.catch((error: Error) => error.message)).to.equal('no');
    expect(await next).to.equal('yes');
  });

  it('does not begin what nobody waits for any more', async () => {
    const queue = new NameQueue();
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
});
