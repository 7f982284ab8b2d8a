import { getEventListeners } from 'node:events';
import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { pause, signalForMany } from '../../src/application/pause.js';
import { Stream } from '../../src/application/stream.js';
import { turn } from './scripted-client.js';

describe('a stream', () => {
  it('keeps what nobody takes yet, and wakes whoever waits', async () => {
    const stream = new Stream<number>();
    const taken: number[] = [];
    stream.push(1);
    stream.push(2);
    const all = (async () => {
      for await (const value of stream) taken.push(value);
    })();
    await turn();
    expect(taken).to.deep.equal([1, 2]);
    stream.push(3);
    await turn();
    expect(taken).to.deep.equal([1, 2, 3]);
    stream.end();
    await all;
  });

  it('brings what came before its end, and nothing after it', async () => {
    const stream = new Stream<number>();
    stream.push(1);
    stream.end();
    stream.push(2);
    const taken: number[] = [];
    for await (const value of stream) taken.push(value);
    expect(taken).to.deep.equal([1]);
  });

  it('throws its first error after the last value', async () => {
    const stream = new Stream<number>();
    stream.push(1);
    stream.end(new Error('first'));
    stream.end(new Error('second'));
    const iterator = stream[Symbol.asyncIterator]();
    expect(await iterator.next()).to.deep.equal({ done: false, value: 1 });
    expect(await iterator.next().catch(String)).to.equal('Error: first');
  });
});

describe('a pause', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  async function isOver(promise: Promise<void>): Promise<boolean> {
    let over = false;
    void promise.then(() => {
      over = true;
    });
    await turn();
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
    const waiting = pause(1, undefined);
    expect(await isOver(waiting)).to.equal(false);
    mock.timers.tick(1);
    expect(await isOver(waiting)).to.equal(true);
  });
});

describe('a signal for many', () => {
  it('fires with the one that it is made of', () => {
    const stop = new AbortController();
    const many = signalForMany(stop.signal);
    expect(many?.aborted).to.equal(false);
    stop.abort(new Error('enough'));
    expect(many?.reason).to.have.property('message', 'enough');
  });

  it('is none where there is none', () => expect(signalForMany(undefined)).to.equal(undefined));
});
