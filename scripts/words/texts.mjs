// What people read of this project: the strings that programs print, the texts of DDLs, and the documents.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'acorn';
import { full } from 'acorn-walk';

const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'docs/**/*.md',
  'packages/*/README.md',
  'ddl/README.md',
  'examples/**/*.md',
];
const PROGRAMS = [
  'packages/*/dist/src/**/*.js',
  'demo/dist/src/**/*.js',
  'chaos/dist/src/**/*.js',
  'scripts/*.mjs',
  'bench/*.mjs',
];

/** A string that a person may read has two words or more; names, paths and topics have one. */
const isProse = (text) => /\S\s+\S/.test(text);

function* stringsOf(source) {
  const found = [];
  full(parse(source, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }), (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string')
      found.push({ at: node.start, text: node.value });
    if (node.type === 'TemplateLiteral') {
      found.push({ at: node.start, text: node.quasis.map(({ value }) => value.cooked).join('…') });
    }
  });
  yield* found.filter(({ text }) => isProse(text));
}

function* valuesOf(value) {
  if (typeof value === 'string') yield { at: 0, text: value };
  else if (value && typeof value === 'object')
    for (const inner of Object.values(value)) yield* valuesOf(inner);
}

/**
 * @param {string} root the checkout, built by tsc
 * @returns {Generator<{ file: string, line: number, text: string }>} line: of the file that was read (for programs what tsc wrote)
 */
export function* texts(root) {
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const files = (patterns) => globSync(patterns, { cwd: root, exclude: ['**/node_modules/**'] }).sort();
  for (const file of files(DOCUMENTS)) {
    for (const [index, text] of read(file).split('\n').entries()) yield { file, line: index + 1, text };
  }
  for (const file of files(['ddl/*.json', 'ddl/data/*.json'])) {
    for (const { text } of valuesOf(JSON.parse(read(file)))) if (isProse(text)) yield { file, line: 0, text };
  }
  for (const file of files(PROGRAMS)) {
    const source = read(file);
    for (const { at, text } of stringsOf(source)) {
      yield { file, line: source.slice(0, at).split('\n').length, text };
    }
  }
}
