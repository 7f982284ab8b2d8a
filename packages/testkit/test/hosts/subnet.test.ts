import { expect } from 'chai';
import { describe, it } from 'mocha';
import { freeSubnet, overlaps } from '../../src/hosts/subnet.js';

describe('overlaps', () => {
  for (const [one, other, expected] of [
    ['10.4.5.0/24', '10.4.5.0/24', true],
    ['10.4.5.0/24', '10.4.0.0/16', true],
    ['10.4.5.0/24', '10.4.5.77', true],
    ['10.4.5.0/24', '10.4.6.0/24', false],
    ['10.4.5.0/24', '192.168.0.0/16', false],
    ['10.4.5.0/24', '10.0.0.0/8', false],
    ['10.4.5.0/24', 'default', false],
  ] as const) {
    it(`${one} ${expected ? 'overlaps' : 'does not overlap'} ${other}`, () => {
      expect(overlaps(one, other)).to.equal(expected);
    });
  }
});

describe('freeSubnet', () => {
  it('chooses one beside all routes', () => {
    for (let time = 0; time < 20; time += 1) {
      const second = Number(freeSubnet(['default', '10.0.0.0/9', '10.128.0.0/10']).split('.')[1]);
      expect(second).to.be.within(192, 254);
    }
  });

  it('says that none is free', () => {
    const all = Array.from({ length: 256 }, (_, second) => `10.${second}.0.0/16`);
    expect(() => freeSubnet(all)).to.throw('no free subnet in 10.0.0.0/8');
  });
});
