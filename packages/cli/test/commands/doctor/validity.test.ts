import { expect } from 'chai';
import { describe, it } from 'mocha';
import { validityFinding } from '../../../src/commands/doctor/validity.js';

describe('the finding about a validity', () => {
  it('has the level, the subject and the message', () => {
    const validity = { kind: 'certificate', what: 'X', from: 0, to: Date.parse('2026-12-31') } as const;
    expect(validityFinding('broker', validity, Date.parse('2027-01-01'))).to.deep.equal({
      level: 'fault',
      subject: 'broker',
      message: 'X expired on 2026-12-31: renew it',
    });
  });
});
