import { expect } from 'chai';
import { describe, it } from 'mocha';
import { findEmulator } from '../../src/daemon/emulate.js';

describe('mcod emulate', () => {
  it('finds the emulator where it is installed, and only there', () => {
    expect(findEmulator(['/nowhere/mcod.js', import.meta.filename])).to.match(/troupe-emulate\.js$/);
    expect(findEmulator(['/nowhere/mcod.js'])).to.equal(undefined);
  });
});
