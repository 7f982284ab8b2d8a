import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { ConnectionWaiters } from '../../src/connection/connection-waiters.js';

describe('the connection of a client', () => {
  let listeners: (() => void)[];
  let transport: { connected: boolean; onConnect: (listener: () => void) => void };
  beforeEach(() => {
    listeners = [];
    transport = { connected: false, onConnect: (listener) => listeners.push(listener) };
  });
  const connect = () => {
    transport.connected = true;
    for (const listener of listeners) listener();
  };

  it('is waited for by any number, with one listener', async () => {
    const waiters = new ConnectionWaiters(transport);
    let there = 0;
    const waiting = [1, 2, 3].map(async () => {
      await waiters.wait();
      there += 1;
    });
    await new Promise(setImmediate);
    expect(there).to.equal(0);
    connect();
    await Promise.all(waiting);
    expect(there).to.equal(3);
    expect(listeners).to.have.length(1);
    await waiters.wait();
  });

  it('is waited for no longer than the signal lets', async () => {
    const waiters = new ConnectionWaiters(transport);
    const stop = new AbortController();
    const waiting = waiters.wait(stop.signal).catch((error: unknown) => error);
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(await waiters.wait(stop.signal).catch((error: unknown) => error)).to.equal(reason);
    connect();
    expect(await waiters.wait(stop.signal).catch((error: unknown) => error)).to.equal(reason);
  });

  it('is waited for by any number that share a signal, with one listener on it', async () => {
    const waiters = new ConnectionWaiters(transport);
    const stop = new AbortController();
    const waiting = Array.from({ length: 20 }, () => waiters.wait(stop.signal).catch(String));
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(1);
    stop.abort('enough');
    expect(new Set(await Promise.all(waiting))).to.deep.equal(new Set(['enough']));
  });

  it('leaves nothing on the signal, and is waited for again after it broke', async () => {
    const waiters = new ConnectionWaiters(transport);
    const { signal } = new AbortController();
    for (let round = 0; round < 2; round += 1) {
      transport.connected = false;
      const waiting = waiters.wait(signal);
      expect(getEventListeners(signal, 'abort')).to.have.length(1);
      connect();
      await waiting;
      expect(getEventListeners(signal, 'abort')).to.have.length(0);
    }
    expect(listeners).to.have.length(1);
  });
});
