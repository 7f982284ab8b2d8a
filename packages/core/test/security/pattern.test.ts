import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compilePattern } from '../../src/security/pattern.js';

describe('a pattern of names in the configuration', () => {
  for (const [text, matching, others] of [
    ['/\\.mcollective$/', ['a.mcollective', '.mcollective'], ['a.mcollective.lab', 'amcollective']],
    ['/a/', ['a', 'bab'], ['b']],
    ['/a\nb/', ['a\nb'], ['ab']],
    ['//', ['', 'a'], []],
    [
      'alice.mcollective',
      ['alice.mcollective'],
      ['alicexmcollective', 'xalice.mcollective', 'alice.mcollective2'],
    ],
    ['a+b', ['a+b'], ['aab', 'ab']],
    ['(a|b)[c]{1}^$*?\\', ['(a|b)[c]{1}^$*?\\'], ['a', 'ac']],
    ['/a', ['/a'], ['a', '/ab']],
    ['a/', ['a/'], ['a']],
  ] as const) {
    it(`is read: ${JSON.stringify(text)}`, () => {
      const pattern = compilePattern(text, 'x');
      for (const name of matching) expect(pattern.test(name), name).to.equal(true);
      for (const name of others) expect(pattern.test(name), name).to.equal(false);
    });
  }

  it('is refused with its place when it is not a valid regular expression', () => {
    expect(() => compilePattern('/(/', 'security.callers.match'))
      .to.throw('security.callers.match: /(/ is not a valid regular expression')
      .with.property('code', 'CONFIG_INVALID');
  });
});
