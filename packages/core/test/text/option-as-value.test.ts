import { expect } from 'chai';
import { describe, it } from 'mocha';
import { optionAsValue } from '../../src/text/option-as-value.js';

const options = [
  { short: '-W', long: '--with', required: true },
  { short: '-j', long: '--json', required: false },
  { long: '--skew', required: true },
];

describe('an option in the place of a value', () => {
  it('is refused, with the way to give it as the value', () => {
    expect(optionAsValue(['-W', '--json'], options)).to.equal(
      '-W needs a value, but "--json" follows: to give it as the value, write --with=--json',
    );
    expect(optionAsValue(['a', '--with', '-j'], options)).to.match(/^--with needs a value/);
  });

  for (const line of [
    '--with=--json',
    '-W web --json',
    '--skew -5',
    '-W -',
    '-- -W --json',
    '-W',
    '-j -W web',
  ])
    it(`is not seen in ${line}`, () => expect(optionAsValue(line.split(' '), options)).to.equal(undefined));
});
