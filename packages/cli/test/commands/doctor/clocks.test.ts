import { expect } from 'chai';
import { describe, it } from 'mocha';
import { clockFindings } from '../../../src/commands/doctor/fleet.js';

// Seconds since 1970, when the answer was here; the asking was 2 s before.
const here = 1_000_000;
const ping = (pong: number, sender = 'web1') => ({
  sender,
  ok: true,
  at: here * 1000,
  seconds: 2,
  data: { pong },
});

describe('the clocks of nodes', () => {
  for (const pong of [here, here - 3, here - 8, here + 5]) {
    it(`are reported as ok at ${pong - here} s`, () => {
      expect(clockFindings([ping(pong)]).map(({ level }) => level)).to.deep.equal(['ok']);
    });
  }

  it('are reported with their skew if it is too large', () => {
    const findings = clockFindings([ping(here), ping(here + 30, 'fast'), ping(here - 23, 'slow')]);
    expect(findings.map(({ level, message }) => `${level} ${message}`)).to.deep.equal([
      "warn fast's clock is 30 s ahead of this machine: check NTP",
      "warn slow's clock is 20 s behind this machine: check NTP",
    ]);
  });

  it('are not reported if no node sent its time', () => {
    expect(clockFindings([{ ...ping(0), ok: false, data: {} }])).to.deep.equal([]);
  });
});
