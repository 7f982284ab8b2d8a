import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Lease, LeaseWatch } from '../../src/judge/lease-watch.js';

const lease = (second: number, token = 7): Lease => ({
  owner: 'p1',
  token,
  expires: new Date(second * 1000).toISOString(),
});
const watch = (first: Lease | null, second = 50) => new LeaseWatch(new Map([['web1', first]]), second * 1000);

describe('the watch over leases', () => {
  it('has nothing to wait for where none is in force: one that ran out before was of somebody who was killed', () => {
    expect(watch(null).open).to.deep.equal([]);
    const over = watch(lease(50));
    expect([over.open, over.left()]).to.deep.equal([[], []]);
  });

  it('waits for one that is in force, also while it is renewed, until it is given back', () => {
    const one = watch(lease(55));
    one.look('web1', lease(55), 54_000);
    one.look('web1', lease(64), 54_500);
    one.look('web1', lease(64), 63_000);
    expect(one.open).to.deep.equal(['web1']);
    one.look('web1', null, 63_500);
    expect([one.open, one.left()]).to.deep.equal([[], []]);
  });

  it('takes one that another has taken since for given back, and does not wait for that one', () => {
    const one = watch(lease(55));
    one.look('web1', lease(62, 8), 52_000);
    one.look('web1', lease(62, 8), 63_000);
    expect([one.open, one.left()]).to.deep.equal([[], []]);
  });

  it('names one that runs out, since nobody gave it back', () => {
    const one = watch(lease(55));
    one.look('web1', lease(55), 55_000);
    expect(one.open).to.deep.equal([]);
    expect(one.left()).to.deep.equal([
      'web1: p1 did not release its lease, which expired at 1970-01-01T00:00:55.000Z',
    ]);
  });

  it('names one that is still held when nobody waits any longer', () => {
    const one = watch(lease(55));
    expect(one.left()).to.deep.equal([
      'web1: p1 still holds the lease, currently until 1970-01-01T00:00:55.000Z',
    ]);
  });

  it('is not concerned with nodes that had none at first', () => {
    const one = watch(null);
    one.look('web1', lease(55), 51_000);
    one.look('web1', lease(55), 56_000);
    expect([one.open, one.left()]).to.deep.equal([[], []]);
  });
});
