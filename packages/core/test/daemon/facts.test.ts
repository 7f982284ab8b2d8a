import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { FactSource, parseFactText } from '../../src/daemon/facts.js';
import { silentLogger } from '../../src/log.js';

describe('parseFactText', () => {
  for (const [what, text, message] of [
    ['what nests without end', 'a: &a [*a]', 'nests deeper than 32 levels'],
    ['what nests too deeply', `a: ${'['.repeat(40)}${']'.repeat(40)}`, 'nests deeper than 32 levels'],
    ['what overflows the parser', `${'- '.repeat(20_000)}x`, /nests too deeply|call stack/],
    [
      'aliases that multiply',
      `a: &a [${'x,'.repeat(9)}x]\nb: &b [${'*a,'.repeat(20)}*a]\nc: [${'*b,'.repeat(20)}*b]`,
      'alias',
    ],
    ['keys that are collections', `${'? '.repeat(150)}x`, 'keys must be strings'],
    ['a list', '- a', 'does not hold names and values'],
    ['a text', 'hello', 'does not hold names and values'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parseFactText(text, 'x.yaml'))
        .to.throw(message)
        .and.include({ code: 'FILE_UNREADABLE' });
    });
  }

  it('takes a fact named __proto__ as a fact', () => {
    const folder = mkdtempSync(join(tmpdir(), 'facts-'));
    try {
      writeFileSync(join(folder, 'x.json'), '{"__proto__":{"admin":true},"a":1}');
      const facts = new FactSource([folder], silentLogger).read();
      expect(Object.getPrototypeOf(facts)).to.equal(Object.prototype);
      expect((facts as { admin?: unknown }).admin).to.equal(undefined);
      expect(facts.a).to.equal(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
