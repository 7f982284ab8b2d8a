import { expect } from 'chai';
import { describe, it } from 'mocha';
import { validityOf } from '../../../src/commands/doctor/validity.js';

const certificate = { validFrom: 'Jan  1 00:00:00 2026 GMT', validTo: 'Dec 31 12:00:00 2026 GMT' };

describe('the validity of a certificate', () => {
  for (const [now, level, message] of [
    ['2026-06-01', 'ok', 'X expires on 2026-12-31, in 213 days'],
    ['2026-12-30', 'warn', 'X expires on 2026-12-31, in 1 day: renew it'],
    ['2027-01-01', 'fault', 'X expired on 2026-12-31: renew it'],
    [
      '2025-12-31',
      'fault',
      "X is not valid before 2026-01-01T00:00:00.000Z, but this machine's clock is at 2025-12-31T00:00:00.000Z: check NTP",
    ],
  ] as const) {
    it(`${level} on ${now}`, () => {
      expect(validityOf('certificate', 'X', certificate, Date.parse(now))).to.deep.equal({
        level,
        subject: 'certificate',
        message,
      });
    });
  }
});
