import { expect } from 'chai';
import { describe, it } from 'mocha';
import { suggestion } from '../../src/ddl/suggestion.js';

describe('a suggestion', () => {
  for (const [typed, candidates, expected] of [
    ['sing', ['list', 'sign', 'clean'], ' (did you mean "sign"?)'],
    ['runonec', ['runonce', 'status'], ' (did you mean "runonce"?)'],
    ['zzz', ['list', 'sign'], ''],
    ['a', ['bcd'], ''],
    ['a'.repeat(65), ['a'.repeat(64)], ''],
    ['', [], ''],
  ] as const) {
    it(`for "${typed.slice(0, 10)}" is "${expected}"`, () => {
      expect(suggestion(typed, candidates)).to.equal(expected);
    });
  }
});
