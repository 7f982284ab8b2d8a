import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseConfig } from '../../src/config/load.js';

const schema = { type: 'object', properties: { plugins: {} } } as const;

describe('a configuration', () => {
  for (const [what, text, message] of [
    ['that holds itself', 'plugins: { a: &a { b: *a } }', 'is nested deeper than 64 levels, or recursively'],
    [
      'that nests too deeply for the parser',
      `plugins: ${'['.repeat(20_000)}`,
      /nested too deeply|call stack/,
    ],
    [
      'whose aliases multiply',
      `plugins: { a: &a [${'x,'.repeat(9)}x], b: &b [${'*a,'.repeat(20)}*a], c: [${'*b,'.repeat(20)}*b] }`,
      'alias',
    ],
  ] as const) {
    it(`${what} is refused`, () => {
      expect(() => parseConfig(text, schema, 'x.yaml'))
        .to.throw(message)
        .and.include({ code: 'CONFIG_INVALID' });
    });
  }
});
