import { createHash } from 'node:crypto';
import type { Ajv, Options, ValidateFunction } from 'ajv';
import commonJs from './commonjs.cjs';
import madeSchemas from './made-schemas.cjs';

/** What a schema of ours is for: its options of ajv. */
export type SchemaUse = keyof typeof uses;

// They are checked by tests: to check and to polish them here takes longer than all the rest.
const common = { meta: false, validateSchema: false } as const;

const uses = {
  config: { useDefaults: true, strict: false },
  // To compile what finds the words for all faults takes twice as long as what says only whether there is one.
  'config-faults': { useDefaults: true, strict: false, allErrors: true, verbose: true },
  ddl: { allErrors: true, strictTypes: false },
  message: { strict: false },
  input: { ownProperties: true },
} as const satisfies Record<string, Options>;

/** What schemas of a use need of their surroundings. */
export interface SchemaHost {
  readonly formats?: Readonly<Record<string, (value: string) => boolean>>;
  /** Other schemas that they refer to, by name. */
  readonly schemas?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Instead of JavaScript's own regular expressions. */
  readonly regExp?: (pattern: string) => { test(text: string): boolean };
}

/** The options of ajv for schemas of one use. */
export function ajvOptions(use: SchemaUse, { formats = {}, schemas = {}, regExp }: SchemaHost): Options {
  const engine = regExp && Object.assign((pattern: string) => regExp(pattern), { code: 'host.regExp' });
  return {
    ...common,
    ...uses[use],
    formats: { ...formats },
    schemas: { ...schemas },
    code: { optimize: false, ...(engine && { regExp: engine }) },
  };
}

/** An ajv for schemas of one use. */
export function newAjv(use: SchemaUse, host: SchemaHost): Ajv {
  const { Ajv } = commonJs.ajv();
  return new Ajv(ajvOptions(use, host));
}

/** The name by which the build of a release leaves what it made of a schema: another one where a letter differs. */
export function schemaKey(use: SchemaUse, schema: unknown, { schemas }: SchemaHost): string {
  const text = JSON.stringify([common, uses[use], schema, schemas]);
  return createHash('sha256').update(text).digest('base64url');
}

// no peer fills this: it holds validators that were made with the program
const made = new Map<SchemaUse, Readonly<Record<string, ValidateFunction>>>();

/**
 * What the build of a release made of a schema, so that nobody waits for ajv, nor loads it; nothing where there is
 * none. The host is that of the first asking: the build leaves out what needs more than `formats` of one's own.
 */
export function madeBefore(use: SchemaUse, schema: unknown, host: SchemaHost): ValidateFunction | undefined {
  const make = madeSchemas[use];
  if (!make) return undefined;
  const functions = made.get(use) ?? make(host);
  made.set(use, functions);
  return functions[schemaKey(use, schema, host)];
}
