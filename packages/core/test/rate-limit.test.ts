import { expect } from 'chai';
import { describe, it } from 'mocha';
import { RateLimit } from '../src/rate-limit.js';

describe('RateLimit', () => {
  const passed = (limit: RateLimit, count: number, now: number) =>
    Array.from({ length: count }, () => limit.pass(now)).filter(({ isAllowed }) => isAllowed).length;

  it('lets through a burst, and from then on so many in a minute', () => {
    const limit = new RateLimit({ burst: 100, perMinute: 60 });
    expect(passed(limit, 150, 0)).to.equal(100);
    expect(passed(limit, 50, 10_000)).to.equal(10);
    expect(passed(limit, 200, 3_600_000)).to.equal(100);
  });

  it('says with the next one how many could not pass', () => {
    const limit = new RateLimit({ burst: 1, perMinute: 60 });
    expect(limit.pass(0)).to.deep.equal({ isAllowed: true, missed: 0 });
    expect(limit.pass(1)).to.deep.equal({ isAllowed: false, missed: 0 });
    expect(limit.pass(2)).to.deep.equal({ isAllowed: false, missed: 0 });
    expect(limit.pass(2000)).to.deep.equal({ isAllowed: true, missed: 2 });
  });

  it('does not stop when the clock is set back', () => {
    const limit = new RateLimit({ burst: 1, perMinute: 60 });
    limit.pass(1_000_000);
    expect(passed(limit, 1, 0)).to.equal(0);
    expect(passed(limit, 1, 1000)).to.equal(1);
  });
});
