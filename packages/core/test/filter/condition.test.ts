import { expect } from 'chai';
import { describe, it } from 'mocha';
import { holds, type Operator } from '../../src/filter/condition.js';
import { newMatch } from '../../src/filter/pattern.js';

const cases: readonly (readonly [actual: unknown, operator: Operator, value: string, expected: boolean])[] = [
  ['Debian', '==', 'Debian', true],
  ['Debian', '==', 'debian', false],
  ['Debian', '!=', 'debian', true],
  [true, '==', 'true', true],
  [true, '==', 'True', false],
  [true, '==', '1', false],
  [false, '==', 'no', false],
  [false, '!=', 'true', true],
  ['Debian', '==', 'debian', false],
  ['Debian', '!=', 'RedHat', true],
  ['Debian', '!=', 'Debian', false],
  ['Debian', '=~', '/^Deb/', true],
  ['Debian', '=~', '/^deb/', false],
  ['Debian', '=~', '/^deb/i', true],
  ['Debian', '!~', '/^Red/', true],
  ['Debian', '!~', '/bia/', false],
  // Numbers, whole and not, as numbers and as the texts that facts often are.
  [10, '>', '9.5', true],
  ['10', '>', '9.5', true],
  ['9', '<', '10', true],
  [4, '==', '4.0', true],
  ['4', '==', '4.0', true],
  [-3, '<', '-2.5', true],
  [0.1, '<=', '0.1', true],
  [2e9, '>=', '1e9', true],
  [5, '>=', '5', true],
  [5, '>=', '6', false],
  [5, '>', '5', false],
  [5, '<', '5', false],
  [5, '<=', '5', true],
  [5, '<=', '4', false],
  [2.5, '<=', '2.4', false],
  ['+5', '==', '5', true],
  // Up to 300 digits; what is longer is a text.
  ['9'.repeat(300), '>', '1', true],
  ['1', '<', '9'.repeat(300), true],
  ['9'.repeat(301), '>', '1', false],
  ['1', '<', '9'.repeat(301), false],
  ['9007199254740993', '>', '9007199254740992', true],
  ['9007199254740993', '==', '9007199254740992', false],
  ['007', '==', '7', true],
  // A checksum is not a number, a release is not a decimal.
  ['1e5', '==', '100000', false],
  ['7.10', '==', '7.1', false],
  [7.1, '==', '7.10', true],
  // Versions.
  ['1.10.0', '>', '1.9.0', true],
  ['1.10.0', '<', '1.9.0', false],
  ['1.10.0', '>=', '1.10.0', true],
  ['7.24.0', '>=', '7', true],
  ['5.9.0', '<', '5.10', true],
  ['5.10.0-21-amd64', '>=', '5.10.0', true],
  ['8.0.0-rc1', '<', '8.0.0', true],
  ['1.10.0', '==', '1.10', false],
  // A number is neither more nor less than a word, a truth value neither than anything.
  [4, '>', 'three', false],
  ['jessie', '>', '5', false],
  ['jessie', '<', '5', false],
  ['jessie', '>=', '5', false],
  [true, '>', '0', false],
  [true, '>', 'no', false],
  [true, '<=', 'true', false],
  [true, '==', '1', false],
  [true, '==', 'true', true],
  [false, '!=', 'true', true],
  ['2024-01-05', '<', '2024-02-01', true],
  ['beta', '>', 'alpha', true],
  ['beta', '<', 'alpha', false],
  ['alpha', '<', 'beta', true],
  ['beta', '<=', 'beta', true],
  ['beta', '>=', 'beta', true],
  ['beta', '<', 'beta', false],
  ['beta', '>', 'beta', false],
  // One element of an array is enough, and to differ, all must.
  [['web', 'db'], '==', 'db', true],
  [['web', 'db'], '!=', 'db', false],
  [['web', 'db'], '!=', 'mail', true],
  [['web', 'db'], '!~', '/^d/', false],
  [[1, 20], '>', '10', true],
  [[['deep']], '==', 'deep', true],
  [[[[['deep']]]], '==', 'deep', true],
  [[[[[['too deep']]]]], '==', 'too deep', false],
  [[], '==', '', false],
  [[], '!=', 'x', true],
  // Of a hash, the keys.
  [{ '/var': {} }, '==', '/var', true],
  [{ '/var': {} }, '=~', '/^.v/', true],
  [[{ name: 'x' }], '==', '[object Object]', false],
];

const nothing: readonly Operator[] = ['==', '!=', '=~', '!~', '<', '<=', '>', '>='];

describe('a condition of a filter', () => {
  for (const [actual, operator, value, expected] of cases) {
    it(`${JSON.stringify(actual)} ${operator} ${value} is ${expected}`, () => {
      expect(holds(actual, { operator, value }, newMatch())).to.equal(expected);
    });
  }

  for (const operator of nothing) {
    it(`never holds of what is missing or null: ${operator}`, () => {
      const value = operator.endsWith('~') ? '/./' : '1';
      expect(holds(undefined, { operator, value }, newMatch())).to.equal(false);
      expect(holds(null, { operator, value }, newMatch())).to.equal(false);
    });
  }
});
