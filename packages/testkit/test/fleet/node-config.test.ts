import { expect } from 'chai';
import { describe, it } from 'mocha';
import { keepaliveOf } from '../../src/fleet/node-config.js';

describe('the configuration of an emulated node', () => {
  for (const [instances, seconds] of [
    [1, 30],
    [1200, 30],
    [10_000, 250],
    [1_000_000, 3600],
  ] as const) {
    it(`has it show that it lives every ${seconds} s where ${instances} share a process`, () => {
      expect(keepaliveOf(instances)).to.equal(seconds);
    });
  }
});
