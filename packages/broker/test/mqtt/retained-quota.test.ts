import { expect } from 'chai';
import { describe, it } from 'mocha';
import { RetainedQuota } from '../../src/mqtt/retained-quota.js';

const limits = { retained_bytes: 100, retained_per_name: 2, retained_total_bytes: 250 };

describe('RetainedQuota', () => {
  it('counts a topic once, however often it changes', () => {
    const quota = new RetainedQuota(limits);
    for (let round = 0; round < 10; round += 1) expect(quota.keep('n1', 't', 100).allowed).to.equal(true);
    expect(quota.messages).to.equal(1);
  });

  it('refuses a message that is too large', () => {
    expect(new RetainedQuota(limits).keep('n1', 't', 101)).to.eql({
      allowed: false,
      reason: 'a retained message of 101 bytes exceeds the limit of 100 (limits.retained_bytes)',
    });
  });

  it('refuses one name more topics than it may have, and others nothing', () => {
    const quota = new RetainedQuota(limits);
    quota.keep('n1', 'a', 1);
    quota.keep('n1', 'b', 1);
    expect(quota.keep('n1', 'c', 1).allowed).to.equal(false);
    expect(quota.keep('n1', 'b', 2).allowed).to.equal(true);
    expect(quota.keep('n2', 'c', 1).allowed).to.equal(true);
  });

  it('refuses what is too much in total, until something is removed', () => {
    const quota = new RetainedQuota(limits);
    quota.keep('n1', 'a', 100);
    quota.keep('n2', 'b', 100);
    expect(quota.keep('n3', 'c', 100).allowed).to.equal(false);
    expect(quota.keep('n1', 'a', 0).allowed).to.equal(true);
    expect(quota.keep('n3', 'c', 100).allowed).to.equal(true);
    expect(quota.messages).to.equal(2);
  });

  it('keeps three quarters for nodes, however many names machines that enrol make up', () => {
    const quota = new RetainedQuota({ retained_bytes: 100, retained_per_name: 2, retained_total_bytes: 400 });
    expect(quota.keep('m1', 'm1', 60, true)).to.eql({ allowed: true });
    expect(quota.keep('m2', 'm2', 41, true)).to.eql({
      allowed: false,
      reason:
        '101 bytes of retained messages of enrolling machines exceed their quarter of the limit of 400 (limits.retained_total_bytes)',
    });
    for (const name of ['n1', 'n2', 'n3']) expect(quota.keep(name, name, 100)).to.eql({ allowed: true });
    expect(quota.keep('m1', 'm1', 0, true)).to.eql({ allowed: true });
    expect(quota.keep('m2', 'm2', 100, true)).to.eql({ allowed: true });
  });
});
