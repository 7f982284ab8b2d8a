import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { importEntry } from '../../src/agent/package-entry.js';

describe('importEntry', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'entry-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (manifest: object, name = 'agent-x', place = 'modules') => {
    mkdirSync(join(folder, place, name), { recursive: true });
    writeFileSync(join(folder, place, name, 'package.json'), JSON.stringify(manifest));
  };
  const entry = (specifier = 'agent-x') =>
    importEntry(specifier, [join(folder, 'none'), join(folder, 'modules'), join(folder, 'others')])?.slice(
      folder.length + 1,
    );

  for (const [what, exports, path, expected] of [
    ['one file', './a.js', 'agent-x', 'a.js'],
    ['one file for a subpath', './a.js', 'agent-x/sub', undefined],
    ['a condition', { import: './a.js' }, 'agent-x', 'a.js'],
    ['a condition for a subpath', { import: './a.js' }, 'agent-x/sub', undefined],
    ['the condition node', { node: './a.js' }, 'agent-x', 'a.js'],
    ['the condition module-sync', { 'module-sync': './a.js' }, 'agent-x', 'a.js'],
    ['a default', { require: './b.cjs', default: './a.js' }, 'agent-x', 'a.js'],
    ['conditions, the first of which counts', { default: './a.js', import: './b.js' }, 'agent-x', 'a.js'],
    ['conditions inside conditions', { node: { require: './b.cjs', import: './a.js' } }, 'agent-x', 'a.js'],
    [
      'conditions without a way to the next',
      { node: { require: './b.cjs' }, default: './a.js' },
      'agent-x',
      'a.js',
    ],
    ['require only', { require: './b.cjs' }, 'agent-x', undefined],
    ['paths', { '.': './a.js', './sub': { import: './s.js' } }, 'agent-x', 'a.js'],
    [
      'paths, of which one is asked for',
      { '.': './a.js', './sub': { import: './s.js' } },
      'agent-x/sub',
      's.js',
    ],
    ['paths without the one that is asked for', { './sub': './s.js' }, 'agent-x', undefined],
    ['a path that is closed', { '.': null }, 'agent-x', undefined],
    ['nothing', null, 'agent-x', undefined],
    ['nothing at all', undefined, 'agent-x', undefined],
  ] as const) {
    it(`reads exports with ${what}: ${path}`, () => {
      write({ exports });
      expect(entry(path)).to.equal(expected && `modules/agent-x/${expected}`);
    });
  }

  it('reads a scoped package', () => {
    write({ exports: { '.': './a.js', './sub/deep': './s.js' } }, '@you/x');
    expect(entry('@you/x')).to.equal('modules/@you/x/a.js');
    expect(entry('@you/x/sub/deep')).to.equal('modules/@you/x/s.js');
  });

  it('uses the first folder that contains the package', () => {
    write({ exports: './b.js' }, 'agent-x', 'others');
    expect(entry()).to.equal('others/agent-x/b.js');
    mkdirSync(join(folder, 'modules/agent-x'), { recursive: true });
    expect(entry(), 'a folder without a package is none').to.equal('others/agent-x/b.js');
    write({ exports: './a.js' });
    expect(entry()).to.equal('modules/agent-x/a.js');
  });

  it('returns nothing for a missing package or an empty name', () => {
    expect([entry(), entry(''), entry('/')]).to.deep.equal([undefined, undefined, undefined]);
  });
});
