import { getEventListeners } from 'node:events';
import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { pause } from '../../src/async/index.js';

describe('a pause', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  async function isOver(promise: Promise<void>): Promise<boolean> {
    let over = false;
    void promise.then(() => {
      over = true;
    });
    await Promise.resolve();
    return over;
  }

  it('ends after its time, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    const waiting = pause(100, signal);
    mock.timers.tick(99);
    expect(await isOver(waiting)).to.equal(false);
    mock.timers.tick(1);
    expect(await isOver(waiting)).to.equal(true);
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('ends at the signal', async () => {
    const stop = new AbortController();
    const waiting = pause(100, stop.signal);
    stop.abort();
    expect(await isOver(waiting)).to.equal(true);
  });

  for (const [what, milliseconds, signal] of [
    ['its time is over already', 0, undefined],
    ['its time is long over', -5, undefined],
    ['the signal has fired', 100, AbortSignal.abort()],
  ] as const)
    it(`is none if ${what}`, async () => expect(await isOver(pause(milliseconds, signal))).to.equal(true));

  it('needs no signal', async () => {
    const waiting = pause(1);
    expect(await isOver(waiting)).to.equal(false);
    mock.timers.tick(1);
    expect(await isOver(waiting)).to.equal(true);
  });
});
