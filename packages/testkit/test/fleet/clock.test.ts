import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { withSkew } from '../../src/index.js';

const hour = 3_600_000;

describe('withSkew', () => {
  it('moves the clock for what it runs and what that sets going, and for nothing else', async () => {
    const ahead = withSkew(hour, async () => {
      await delay(1);
      return Date.now();
    });
    const now = Date.now();
    expect(now).to.be.lessThan((await ahead) - hour / 2);
    expect(Date.now() - now).to.be.lessThan(hour / 2);
  });
});
