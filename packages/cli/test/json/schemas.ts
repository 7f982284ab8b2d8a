import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';

const folder = new URL('../../../../../docs/reference/json/', import.meta.url);

/** The schemas of the reference by their names, such as `job-list`. */
export const schemas: ReadonlyMap<string, AnySchemaObject> = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith('.schema.json'))
    .map((file) => [file.replace('.schema.json', ''), read(file)]),
);

/** Schemas that are of no command. */
export const parts = ['call-statistics', 'discovery-statistics', 'document', 'error', 'line', 'reply'];

function read(file: string): AnySchemaObject {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
}

// Others may skip keys that they do not know, but what is printed here must be described.
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === 'if' ? value : strict(value)]),
  );
  const isOpen = !('properties' in schema) || 'additionalProperties' in schema;
  return isOpen ? inner : { ...inner, unevaluatedProperties: false };
}

const open = ['document', 'line'];
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
for (const [name, schema] of schemas) {
  const made = strict(schema) as AnySchemaObject;
  if (open.includes(name)) delete made.unevaluatedProperties;
  ajv.addSchema(made);
}

interface Line {
  readonly version: number;
  readonly kind?: string;
}

/** Throws if what a command line printed with `--json` or `--jsonl` is not as the reference says. */
export function checkJson(argv: readonly string[], stdout: string): void {
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line));
  if (lines.every(({ kind }) => kind === undefined)) {
    if (lines.length > 1) throw new Error(`more than one document: ${stdout}`);
    check(document(lines[0]), lines[0]);
    return;
  }
  for (const line of lines) check('line', line);
  const command = commandOf(argv);
  check(command.replaceAll(' ', '-'), assembled(command, lines));
}

function document(value: unknown): string {
  const name = String((value as { command?: string }).command).replaceAll(' ', '-');
  return schemas.has(name) ? name : 'document';
}

// The document that the same command would have printed.
function assembled(command: string, lines: readonly Line[]): object {
  const of = (kind: string) =>
    lines.filter((line) => line.kind === kind).map(({ version: _, kind: __, ...rest }) => rest);
  const [statistics = null] = of('statistics');
  const envelope = { version: 1, command, results: of('result'), statistics, errors: of('error') };
  return { ...envelope, ...of('summary')[0] };
}

function commandOf(argv: readonly string[]): string {
  const words = argv.slice(0, 2);
  const both = words.join('-');
  return schemas.has(both) ? words.join(' ') : String(words[0]);
}

function check(name: string, value: unknown): void {
  const validate = ajv.getSchema(`${name}.schema.json`);
  if (!validate) throw new Error(`there is no schema ${name}`);
  if (validate(value)) return;
  throw new Error(`${name}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`);
}
