import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Slots } from '../../src/async/index.js';

describe('slots', () => {
  /** Whoever has a place by now, in the order of getting it. */
  function line(slots: Slots) {
    const got: string[] = [];
    const frees = new Map<string, () => void>();
    const join = (name: string, key?: string, signal?: AbortSignal) =>
      slots.take(key, signal).then((free) => {
        got.push(name);
        frees.set(name, free);
      });
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    return { got, frees, join, settle };
  }

  it('are granted up to the limit, in order', async () => {
    const slots = new Slots({ concurrency: 2 });
    const { got, frees, join, settle } = line(slots);
    for (const name of ['a', 'b', 'c', 'd']) void join(name);
    await settle();
    expect(got).to.deep.equal(['a', 'b']);
    frees.get('b')?.();
    frees.get('b')?.();
    await settle();
    expect(got).to.deep.equal(['a', 'b', 'c']);
    expect(slots.most).to.equal(2);
  });

  it('do not block other keys', async () => {
    const { got, frees, join, settle } = line(new Slots({ concurrency: 3, perKey: 1 }));
    for (const [name, key] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['x1', undefined],
      ['b2', 'b'],
    ] as const)
      void join(name, key);
    await settle();
    expect(got).to.deep.equal(['a1', 'b1', 'x1']);
    frees.get('a1')?.();
    await settle();
    expect(got.at(-1)).to.equal('a2');
    frees.get('b1')?.();
    await settle();
    expect(got.at(-1)).to.equal('b2');
  });

  it('are not granted to a caller that aborted', async () => {
    const { got, frees, join, settle } = line(new Slots({ concurrency: 1 }));
    const leaving = new AbortController();
    await join('a');
    const left = join('b', undefined, leaving.signal).catch((error: Error) => error.message);
    void join('c');
    leaving.abort(new Error('gone'));
    expect(await left).to.equal('gone');
    frees.get('a')?.();
    await settle();
    expect(got).to.deep.equal(['a', 'c']);
  });

  it('are not granted after the signal', async () => {
    const slots = new Slots({ concurrency: 1 });
    const { got, join } = line(slots);
    const late = join('a', undefined, AbortSignal.abort(new Error('gone')));
    expect(await late.catch((error: Error) => error.message)).to.equal('gone');
    await join('b');
    expect(got).to.deep.equal(['b']);
    expect(slots.most).to.equal(1);
  });

  it('stay with their holder when the signal fires, and forget the signal', async () => {
    const { got, frees, join, settle } = line(new Slots({ concurrency: 1 }));
    const stop = new AbortController();
    await join('a', undefined, stop.signal);
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(0);
    void join('b');
    void join('c');
    stop.abort();
    await settle();
    expect(got).to.deep.equal(['a']);
    frees.get('a')?.();
    await settle();
    expect(got).to.deep.equal(['a', 'b']);
  });

  it('are counted at their most, not by now', async () => {
    const slots = new Slots({ concurrency: 3 });
    const { frees, join } = line(slots);
    for (const name of ['a', 'b']) await join(name);
    for (const name of ['a', 'b']) frees.get(name)?.();
    await join('c');
    expect(slots.most).to.equal(2);
  });
});
