import { expect } from 'chai';
import { describe, it } from 'mocha';
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
