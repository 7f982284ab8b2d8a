import { expect } from 'chai';
import { describe, it } from 'mocha';
import { validityOf } from '../../../src/commands/doctor/validity.js';

const certificate = { validFrom: 'Jan  1 00:00:00 2026 GMT', validTo: 'Dec 31 12:00:00 2026 GMT' };

describe('how long a certificate is good', () => {
  for (const [now, level, message] of [
    ['2026-06-01', 'ok', 'X is good until 2026-12-31, for 213 more days'],
    ['2026-12-30', 'warn', 'X is good until 2026-12-31, for 1 more day: renew it'],
    ['2027-01-01', 'fault', 'X expired on 2026-12-31: renew it'],
    [
      '2025-12-31',
      'fault',
      "X is not good before 2026-01-01T00:00:00.000Z, and this machine's clock says 2025-12-31T00:00:00.000Z",
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
