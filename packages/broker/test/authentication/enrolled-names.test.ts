import { expect } from 'chai';
import { describe, it } from 'mocha';
import { EnrolledNames } from '../../src/authentication/enrolled-names.js';

describe('EnrolledNames', () => {
  it('keeps a name for the address that has it, until its last connection ends', () => {
    const names = new EnrolledNames();
    const first = names.take('n1', '192.0.2.1');
    const second = names.take('n1', '192.0.2.1');
    expect(names.take('n1', '192.0.2.2')).to.equal(undefined);
    first?.();
    expect(names.take('n1', '192.0.2.2')).to.equal(undefined);
    second?.();
    expect(names.take('n1', '192.0.2.2')).to.be.a('function');
  });

  it('knows names apart', () => {
    const names = new EnrolledNames();
    names.take('n1', '192.0.2.1');
    expect(names.take('n2', '192.0.2.2')).to.be.a('function');
  });
});
