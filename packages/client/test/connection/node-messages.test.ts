import { mock } from 'node:test';
import { emptyFilter } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { attach, cancel, newId, request } from '../../src/connection/node-messages.js';

const about = { id: 'x', ttl: 60, caller: 'c', session: 's', collective: 'm' };

describe('a message of the client', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: 5_000 }));
  afterEach(() => mock.timers.reset());
  const order = () => request({ ...about, agent: 'a', action: 'b', filter: emptyFilter, input: { x: 1 } });

  it('asks for an action, as of now', () =>
    expect(order()).to.deep.equal({
      v: 2,
      type: 'request',
      time: 5_000,
      ...about,
      agent: 'a',
      action: 'b',
      filter: emptyFilter,
      input: { x: 1 },
    }));

  it('asks for what is kept of a request, with nothing of the request itself', () =>
    expect(attach(order(), 7)).to.deep.equal({ v: 2, type: 'attach', time: 5_000, ...about, after: 7 }));

  it('ends a request, with nothing of the request itself', () =>
    expect(cancel(order())).to.deep.equal({ v: 2, type: 'cancel', time: 5_000, ...about }));

  it('has its own id', () => {
    const ids = Array.from({ length: 100 }, newId);
    expect(new Set(ids).size).to.equal(100);
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{32}$/);
  });
});
