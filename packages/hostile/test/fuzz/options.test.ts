import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readOptions } from '../../src/fuzz/options.js';

const read = (line: string) => readOptions(line === '' ? [] : line.split(' '), ['envelope', 'policy']);

describe('the options of npm run fuzz', () => {
  it('are a million inputs for every parser unless others are wanted', () => {
    expect(read('')).to.deep.include({ count: 1_000_000, only: undefined, show: undefined });
    expect(read('--only policy --show 0 --seed 0')).to.deep.include({ only: 'policy', show: 0, seed: 0 });
  });

  for (const [line, words] of [
    ['--bogus', "Unknown option '--bogus'"],
    ['--count', "Option '--count <value>' argument missing"],
    ['--count 0', 'invalid --count "0": it must be a whole number, at least 1'],
    ['--seed 1.5', 'invalid --seed "1.5": it must be a whole number, at least 0'],
    ['--only nowhere', 'invalid --only "nowhere": choose one of envelope, policy'],
    ['--show 1', '--show requires --only'],
    ['--only policy --show last', 'invalid --show "last": it must be a whole number, at least 0'],
  ] as const) {
    it(`refuse ${line}`, () => {
      expect(() => read(line)).to.throw(TypeError, words);
    });
  }
});
