import { expect } from 'chai';
import { describe, it } from 'mocha';
import { builtInValidators } from '../../src/ddl/validator.js';

describe('shellsafe', () => {
  for (const value of ['', 'web1.example.com', '/etc/puppet-code_1', 'a b=c, d:e @f %g +h *.conf', 'größe']) {
    it(`lets through ${JSON.stringify(value)}`, () => {
      expect(builtInValidators.shellsafe?.(value)).to.equal(undefined);
    });
  }

  for (const character of ['`', '$', ';', '|', '&', '>', '<', "'", '"', '(', ')', '\\']) {
    it(`rejects ${character} with a reason`, () => {
      expect(builtInValidators.shellsafe?.(`a${character}b`)).to.equal(`must not contain ${character}`);
    });
  }

  for (const character of ['\n', '\r', '\0', '\t', '\x1b', '\x7f', '\u0085', '\u2028', '\u2029']) {
    it(`refuses the control character ${JSON.stringify(character)}`, () => {
      expect(builtInValidators.shellsafe?.(`a${character}`)).to.include('control characters');
    });
  }
});
