import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Command } from 'commander';
import { describe, it } from 'mocha';
import { pathOf } from '../../src/command-line/json-mode.js';
import { newShell } from '../../src/program.js';
import { captured } from '../captured.js';
import { promised } from './promise.js';
import { checkJson, parts, schemas } from './schemas.js';

async function commandsWithJson(): Promise<readonly string[]> {
  const shell = newShell(captured().screen);
  const loaded = await Promise.all(shell.program.commands.map((command) => shell.load(command)));
  const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
  return loaded
    .flatMap(all)
    .filter(({ options }) => options.some(({ long }) => long === '--json' || long === '--jsonl'))
    .map((command) => pathOf(command).replaceAll(' ', '-'));
}

const empty = { version: 1, command: 'find', results: [], statistics: null, errors: [] };

describe('the schemas of JSON', () => {
  it('exist for every command that has --json, and for no other', async () => {
    expect([...schemas.keys()].sort()).to.deep.equal([...parts, ...(await commandsWithJson())].sort());
  });

  it('describe every key', () => {
    const silent = [...schemas].flatMap(([name, schema]) => undescribed(schema, name));
    expect(silent).to.deep.equal([]);
  });

  it('only grow: a key that was promised keeps its place and its type', () => {
    const file = new URL('../../../test/json/promised.txt', import.meta.url);
    const before = readFileSync(file, 'utf8').trimEnd().split('\n');
    const now = promised();
    expect(
      before.filter((line) => !now.includes(line)),
      'lost, which no minor version may do',
    ).to.deep.equal([]);
    expect(
      now.filter((line) => !before.includes(line)),
      'new: add these lines to promised.txt',
    ).to.deep.equal([]);
  });

  const wrong: readonly [what: string, document: object][] = [
    ['a document without a version', { ...empty, version: undefined }],
    ['a document of another version', { ...empty, version: 2 }],
    ['a document without errors', { ...empty, errors: undefined }],
    ['a result that is no object', { ...empty, results: ['web1'] }],
    ['a key that is not described', { ...empty, nodes: [] }],
    ['a key of a result that is not described', { ...empty, results: [{ sender: 'web1', x: 1 }] }],
    ['a line of a kind without its keys', { version: 1, kind: 'progress' }],
  ];
  for (const [what, document] of wrong) {
    it(`refuse ${what}`, () =>
      expect(() => checkJson(['find'], JSON.stringify(document))).to.throw(/must|unevaluated/));
  }

  it('accept a document without results', () => checkJson(['find'], JSON.stringify(empty)));
});

function undescribed(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const inner = undescribed(value, `${path}.${key}`);
    if (key !== 'properties') return inner;
    const without = Object.entries(value as Record<string, { description?: string; $ref?: string }>)
      .filter(([, one]) => one.description === undefined && one.$ref === undefined && !('anyOf' in one))
      .filter(([name]) => !(name === 'kind' && path.endsWith('.if')))
      .map(([name]) => `${path}.${name}`);
    return [...without, ...inner];
  });
}
