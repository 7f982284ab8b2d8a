import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseConfig } from '../../src/config/load.js';
import { section, sections } from '../../src/config/sections.js';

const schema = section({
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]*$' },
  file: { type: 'string', pattern: '^/' },
  code: { type: 'string', pattern: '^x' },
  metrics: sections.metrics,
  inner: section({ list: { type: 'array', items: { type: 'integer' } } }),
});
const reported = (text: string) => {
  try {
    parseConfig(text, schema, 'x.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'valid';
};

describe('a configuration that is not valid YAML', () => {
  for (const [text, expected] of [
    ['a: [\n', '2:1: not valid YAML: [ is not closed: add ], and indent all lines up to it'],
    ['a: {b: 1\nc: 2\n', '2:1: not valid YAML: { is not closed: add }, and indent all lines up to it'],
    ['[a: 1\n', '2:1: not valid YAML: [ is not closed: add ], and indent all lines up to it'],
    ['a: "x\nb: 2\n', '3:1: not valid YAML: " is not closed: add a closing "'],
    ['a: @x\n', '1:4: not valid YAML: a value that begins with @ must be in quotes'],
    ['a: 1\n\tb: 2\n', '2:1: not valid YAML: a tab in the indentation: use spaces'],
    ['a: 1\na: 2\n', '2:1: not valid YAML: this key is set twice: remove one of the two'],
    [
      'a:\n  b: 1\n c: 2\n',
      '3:1: not valid YAML: wrong indentation: the keys of a section, or the items of a list, must begin in the same column',
    ],
    [
      'a: b: c\n',
      '1:4: not valid YAML: a key inside a value: check the indentation, and put a value that contains ": " in quotes',
    ],
    [
      'a 1\nb: 2\n',
      '1:1: not valid YAML: a key needs ": " and a value after it, and a value of several lines needs quotes',
    ],
    ['a: "\\d"\n', '1:5: not valid YAML: Invalid escape sequence \\d'],
  ] as const)
    it(`is reported with line, column and remedy: ${JSON.stringify(text)}`, () =>
      expect(reported(text)).to.equal(`x.yaml:${expected}`));
});

describe('a configuration with wrong settings', () => {
  for (const [text, expected] of [
    ['\nnmae: a\n', 'unknown key "nmae" (did you mean "name"?) (line 2)'],
    ['inner:\n  lists: []\n', 'inner: unknown key "lists" (did you mean "list"?) (line 2)'],
    ['inner:\n  list: [1,\n    x]\n', 'inner.list.1: must be integer (line 3)'],
    [
      'name: Web1.\n',
      'name: "Web1." is not valid: use a-z, 0-9, ".", "_" and "-", beginning with a letter or digit (line 1)',
    ],
    ['file: a.pem\n', 'file: "a.pem" is not valid: use an absolute path (line 1)'],
    [
      'metrics: { textfile: x.txt }\n',
      'metrics.textfile: "x.txt" is not valid: use a name that ends in .prom: the node exporter reads no other files (line 1)',
    ],
    ['code: secret\n', 'code: must match pattern "^x" (line 1)'],
    ['identity: a\n', 'unknown key "identity" (line 1); this looks like a configuration of mcod'],
    ['ddl_dirs: []\n', 'unknown key "ddl_dirs" (line 1); this looks like a configuration of mco'],
  ] as const)
    it(`is reported with the line and what is allowed: ${JSON.stringify(text)}`, () =>
      expect(reported(text)).to.equal(`x.yaml: ${expected}`));
});
