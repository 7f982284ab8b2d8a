import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { listenerIterator, type Take } from '../../src/waiting/listener-iterator.js';

describe('a listener as an iterator', () => {
  let take: Take<number>;
  let begun: number;
  let stopped: number;
  beforeEach(() => {
    begun = 0;
    stopped = 0;
  });
  const listen = async (given: Take<number>) => {
    begun += 1;
    take = given;
    return () => {
      stopped += 1;
    };
  };
  const turn = () => new Promise(setImmediate);

  it('begins with the first question for a value, and once', async () => {
    const values = listenerIterator(listen);
    expect(begun).to.equal(0);
    const first = values.next();
    const second = values.next();
    await turn();
    take(1);
    take(2);
    expect([await first, await second]).to.deep.equal([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
    expect(begun).to.equal(1);
  });

  it('keeps values that are not taken yet, in order', async () => {
    const values = listenerIterator(listen);
    const first = values.next();
    await turn();
    for (const value of [1, 2, 3]) take(value);
    await first;
    expect([await values.next(), await values.next()].map(({ value }) => value)).to.deep.equal([2, 3]);
  });

  it('keeps the latest hundred thousand values', async () => {
    const values = listenerIterator(listen);
    const first = values.next();
    await turn();
    take(-1);
    await first;
    for (let value = 0; value < 100_003; value += 1) take(value);
    const kept: number[] = [];
    for (let count = 0; count < 100_000; count += 1) kept.push((await values.next()).value as number);
    expect({ first: kept[0], last: kept.at(-1), length: new Set(kept).size }).to.deep.equal({
      first: 3,
      last: 100_002,
      length: 100_000,
    });
    const next = values.next();
    take(7);
    expect((await next).value).to.equal(7);
  });

  it('ends when the consumer leaves, also for pending calls of next', async () => {
    const values = listenerIterator(listen);
    const waiting = values.next();
    await turn();
    expect(await values.return?.()).to.deep.equal({ done: true, value: undefined });
    expect(await waiting).to.deep.equal({ done: true, value: undefined });
    expect(await values.next()).to.deep.equal({ done: true, value: undefined });
    expect({ begun, stopped }).to.deep.equal({ begun: 1, stopped: 1 });
    await values.return?.();
    expect(stopped).to.equal(1);
  });

  it('ends at the signal, and forgets it', async () => {
    const stop = new AbortController();
    const values = listenerIterator(listen, stop.signal);
    const waiting = values.next();
    await turn();
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(1);
    stop.abort();
    expect((await waiting).done).to.equal(true);
    expect(stopped).to.equal(1);
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
  });

  it('forgets the signal when the consumer leaves', async () => {
    const { signal } = new AbortController();
    const values = listenerIterator(listen, signal);
    const waiting = values.next();
    await turn();
    await values.return?.();
    await waiting;
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('does not begin after the signal', async () => {
    expect((await listenerIterator(listen, AbortSignal.abort()).next()).done).to.equal(true);
    expect(begun).to.equal(0);
  });

  it('stops what begins only after the consumer has left', async () => {
    let confirm = (_: () => void) => {};
    const values = listenerIterator<number>(() => new Promise((resolve) => (confirm = resolve)));
    const waiting = values.next();
    await turn();
    await values.return?.();
    confirm(() => {
      stopped += 1;
    });
    expect((await waiting).done).to.equal(true);
    expect(stopped).to.equal(1);
  });

  it('throws once what keeps it from beginning, and has ended then', async () => {
    const { signal } = new AbortController();
    const values = listenerIterator<number>(() => Promise.reject(new Error('no broker')), signal);
    expect(await values.next().catch(String)).to.equal('Error: no broker');
    expect((await values.next()).done).to.equal(true);
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('is an iterable itself', () => {
    const values = listenerIterator(listen);
    expect(values[Symbol.asyncIterator]()).to.equal(values);
  });

  it('keeps so many bytes of values that are not taken', async () => {
    let take: Take<string> = () => {};
    const values = listenerIterator<string>(async (given) => {
      take = given;
      return () => {};
    });
    const first = values.next();
    await turn();
    take('first');
    await first;
    for (let count = 0; count < 200; count += 1) take(`${count} ${'x'.repeat(1024 * 1024)}`);
    const next = (await values.next()).value ?? '';
    expect(Number(next.split(' ')[0])).to.be.within(130, 140);
  });
});
