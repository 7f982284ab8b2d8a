import { readFileSync } from 'node:fs';
import type { Ddl } from '../../src/ddl/ddl.js';
import { parseDdl } from '../../src/ddl/load.js';

/** The folder of the DDLs that these tests use. */
export const fixtures = new URL('../../../test/ddl/fixtures/', import.meta.url);

/** A DDL of these tests. */
export function fixture(name: 'everything' | 'additions'): Ddl {
  return parseDdl(readFileSync(new URL(`${name}.json`, fixtures), 'utf8'), name);
}

/** A small DDL with one action, to change in a test: loose, because it may be made wrong. */
export function smallDdl(
  action: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): unknown {
  return {
    metadata: {
      name: 'small',
      description: 'A small one',
      author: 'a',
      license: 'l',
      version: '1.0.0',
      url: 'u',
      timeout: 2,
      ...metadata,
    },
    actions: [{ action: 'act', description: 'Acts', input: {}, output: {}, ...action }],
  };
}

/** An input for `smallDdl`. */
export function stringInput(extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    prompt: 'p',
    description: 'd',
    type: 'string',
    optional: true,
    validation: '.',
    maxlength: 10,
    ...extra,
  };
}
