import { expect } from 'chai';
import { describe, it } from 'mocha';
import { BoundedQueue } from '../../src/request/queue.js';

describe('BoundedQueue', () => {
  it('limits running and waiting tasks, and starts them in order', async () => {
    const queue = new BoundedQueue({ concurrency: 2, waiting: 1 });
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const state = () => [queue.running, queue.waiting, queue.hasRoom];
    const add = (index: number) =>
      queue.add(() => {
        started.push(index);
        return new Promise((resolve) => {
          finish[index] = resolve;
        });
      });
    const next = () => new Promise((resolve) => setImmediate(resolve));

    expect(state()).to.deep.equal([0, 0, true]);
    add(0);
    expect(state()).to.deep.equal([1, 0, true]);
    add(1);
    expect(state()).to.deep.equal([2, 0, true]);
    add(2);
    expect(state()).to.deep.equal([2, 1, false]);
    expect(started).to.deep.equal([0, 1]);
    expect(() => add(3)).to.throw(RangeError, 'the queue is full');
    expect(state()).to.deep.equal([2, 1, false]);

    finish[1]?.();
    await next();
    expect(started).to.deep.equal([0, 1, 2]);
    expect(state()).to.deep.equal([2, 0, true]);
    add(4);
    expect(started).to.deep.equal([0, 1, 2]);
    for (const index of [0, 2]) finish[index]?.();
    await next();
    expect(started).to.deep.equal([0, 1, 2, 4]);
    finish[4]?.();
    await next();
    expect(state()).to.deep.equal([0, 0, true]);
  });

  it('accepts no waiting tasks if none are allowed', () => {
    const queue = new BoundedQueue({ concurrency: 1, waiting: 0 });
    queue.add(() => new Promise(() => {}));
    expect(queue.hasRoom).to.equal(false);
    expect(() => queue.add(async () => {})).to.throw(RangeError);
  });
});
