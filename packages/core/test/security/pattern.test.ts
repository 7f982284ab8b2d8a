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
    ['a-b_1', ['a-b_1'], ['a-b_11']],
  ] as const) {
    it(`is read: ${JSON.stringify(text)}`, () => {
      const pattern = compilePattern(text, 'x');
      for (const name of matching) expect(pattern.test(name), name).to.equal(true);
      for (const name of others) expect(pattern.test(name), name).to.equal(false);
    });
  }

  for (const [text, reason] of [
    ['web*', '"web*" is neither a name (a-z, 0-9, ".", "_", "-") nor a regular expression such as /^web/'],
    ['a+b', '"a+b" is neither a name'],
    ['(a|b)[c]{1}^$*?\\', 'is neither a name'],
    ['web1,web2', '"web1,web2" is neither a name'],
    ['!web1', '"!web1" is neither a name'],
    ['Web1', '"Web1" is neither a name'],
    ['web1 ', '"web1 " is neither a name'],
    ['/a', '"/a" is neither a name'],
    ['a/', '"a/" is neither a name'],
    ['/a/i', 'such as /^web/, which takes no flags here'],
    ['', '"" is neither a name'],
  ] as const) {
    it(`is refused, because no name matches it: ${JSON.stringify(text)}`, () => {
      expect(() => compilePattern(text, 'policy.deny'))
        .to.throw(`policy.deny: "`)
        .with.property('code', 'CONFIG_INVALID');
      expect(() => compilePattern(text, 'policy.deny')).to.throw(reason);
    });
  }

  it('is refused with its place when it is not a valid regular expression', () => {
    expect(() => compilePattern('/(/', 'security.callers.match'))
      .to.throw('security.callers.match: /(/ is not a valid regular expression')
      .with.property('code', 'CONFIG_INVALID');
  });
});
