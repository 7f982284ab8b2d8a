import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { RunQueue, type RunQueueLimits } from '../../src/request/run-queue.js';

describe('RunQueue', () => {
  let started: string[];
  let ends: Map<string, () => void>;
  beforeEach(() => {
    started = [];
    ends = new Map();
  });

  const queueOf = (limits: RunQueueLimits) => new RunQueue(limits);
  const add = (queue: RunQueue, caller: string, name: string, bytes = 0) =>
    queue.add({ caller, bytes }, () => {
      started.push(name);
      return new Promise<void>((resolve) => {
        ends.set(name, resolve);
      });
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await turn();
  };
  const fill = (queue: RunQueue, caller: string, bytes = 0) => {
    let added = 0;
    for (; queue.hasRoom(caller); added += 1) add(queue, caller, `${caller}${added}`, bytes);
    return added;
  };

  it('runs some at the same time, and the others when those end', async () => {
    const queue = queueOf({ concurrency: 3, most: 10 });
    for (const name of ['a1', 'a2', 'a3']) add(queue, 'a', name);
    add(queue, 'b', 'b1');
    expect(started).to.deep.equal(['a1', 'a2', 'b1']);
    expect([queue.running, queue.waiting]).to.deep.equal([3, 1]);
    await end('a1');
    expect(started, 'the last place is for another').to.deep.equal(['a1', 'a2', 'b1']);
    await end('a2');
    expect(started).to.deep.equal(['a1', 'a2', 'b1', 'a3']);
    for (const name of ['a3', 'b1']) await end(name);
    expect([queue.running, queue.waiting]).to.deep.equal([0, 0]);
  });

  it('runs the requests of a caller that comes later at once, although another has filled it', () => {
    const queue = queueOf({ concurrency: 20, most: 1000 });
    expect(fill(queue, 'a')).to.equal(16 + 800);
    expect(queue.hasRoom('b')).to.equal(true);
    add(queue, 'b', 'b1');
    expect(started).to.include('b1');
  });

  it('gives each caller its turn if there is one place', async () => {
    const queue = queueOf({ concurrency: 1, most: 1000 });
    for (const name of ['a1', 'a2', 'a3']) add(queue, 'a', name);
    for (const name of ['b1', 'b2']) add(queue, 'b', name);
    for (const name of ['a1', 'b1', 'a2', 'b2', 'a3']) await end(name);
    expect(started).to.deep.equal(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('bounds the bytes of what waits and runs, of each caller and in all', async () => {
    const mebibyte = 1024 * 1024;
    const queue = queueOf({ concurrency: 1, most: 1000, mostBytes: 20 * mebibyte });
    expect(fill(queue, 'a', mebibyte)).to.equal(16);
    expect(queue.hasRoom('b')).to.equal(true);
    await end('a0');
    expect(queue.hasRoom('a')).to.equal(true);
  });

  it('has room for what can run at once if nothing may wait', () => {
    const queue = queueOf({ concurrency: 2, most: 0 });
    expect([fill(queue, 'a'), fill(queue, 'b'), fill(queue, 'c')]).to.deep.equal([1, 1, 0]);
  });
});
