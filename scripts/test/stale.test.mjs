import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { root } from '../setup.mjs';
import { removeStale } from '../stale.mjs';

describe('what was compiled from sources that are gone', () => {
  let folder;
  const kept = [
    'packages/a/dist/test/kept.test.js',
    'packages/a/dist/tsconfig.tsbuildinfo',
    'packages/a/dist/src/common.cjs',
    'packages/a/dist/src/common.d.cts',
  ];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-stale-'));
    for (const path of [
      'packages/a/test/kept.test.ts',
      'packages/a/dist/test/gone.test.js',
      'packages/a/dist/test/gone.test.js.map',
      'packages/a/src/common.cts',
      'packages/b/dist/src/gone.cjs.map',
      'packages/b/src/never-built.ts',
      'demo/dist/src/gone.d.ts',
      'chaos/dist/src/gone.js',
      ...kept,
    ]) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is removed, and nothing else', () => {
    expect(removeStale(folder)).to.have.members(
      [
        'packages/a/dist/test/gone.test.js',
        'packages/a/dist/test/gone.test.js.map',
        'packages/b/dist/src/gone.cjs.map',
        'demo/dist/src/gone.d.ts',
        'chaos/dist/src/gone.js',
      ].map((path) => join(folder, path)),
    );
    for (const path of kept) expect(existsSync(join(folder, path)), path).to.equal(true);
  });

  it('is removed before every command of package.json that runs compiled tests by itself', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const bare = Object.entries(scripts).filter(
      ([, line]) => /\bmocha\b/.test(line) && !/scripts\/stale\.mjs && mocha\b/.test(line),
    );
    expect(bare).to.deep.equal([]);
  });
});
