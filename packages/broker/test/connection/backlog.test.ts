import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Backlog } from '../../src/connection/backlog.js';

describe('Backlog', () => {
  const client = (writableLength = 0) => ({ socket: { writableLength, destroyed: false } });

  it('names the client for which most waits, if it is too much in all', () => {
    const [a, b, c] = [client(30), client(60), client(20)];
    const backlog = new Backlog(100, [a, b, c]);
    expect(backlog.note(a, 0)).to.equal(undefined);
    expect(backlog.note(b, 0)).to.equal(undefined);
    expect(backlog.note(c, 0)).to.equal(b);
  });

  it('counts what was sent since before it names anybody', () => {
    const [a, b] = [client(60), client(60)];
    const backlog = new Backlog(100, [a, b]);
    backlog.note(a, 0);
    a.socket.writableLength = 0;
    expect(backlog.note(b, 0)).to.equal(undefined);
    a.socket.writableLength = 60;
    expect(backlog.note(a, 1), 'not at each message').to.equal(undefined);
    expect(backlog.note(a, 100)).to.equal(a);
  });

  it('does not count clients that are gone', () => {
    const [a, b, c] = [client(60), client(60), client(30)];
    const live = new Set([a, b, c]);
    const backlog = new Backlog(100, live);
    backlog.note(a, 0);
    live.delete(a);
    backlog.forget(a);
    b.socket.destroyed = true;
    backlog.note(b, 0);
    expect(backlog.note(c, 0)).to.equal(undefined);
  });
});
