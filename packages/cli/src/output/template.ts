import { type Facts, lookUpFact, suggestion } from '@troupe/core';
import { readFactPath } from '@troupe/core/internal';
import { UsageError } from '../failure.js';
import { jsonLines, plainLine } from './plain.js';

/** What a template may name, beside `facts.NAME`. */
const fields = [
  'identity',
  'collectives',
  'main_collective',
  'agents',
  'classes',
  'data_plugins',
  'version',
  'time',
  'facts',
] as const;
type Field = (typeof fields)[number];

/** The part of a node's inventory that a template can show. */
export type Described = Readonly<Partial<Record<Exclude<Field, 'identity' | 'time' | 'facts'>, unknown>>> & {
  readonly facts?: Facts | null;
};

type Part = string | { readonly field: Field; readonly fact: string | undefined; readonly width: number };

/** Makes a line of a node's inventory. */
export type Template = (identity: string, inventory: Described) => string;

/**
 * Reads a template: text in which `{identity}`, `{facts.os.family}` or `{classes:30}` (30 columns at least) stand for
 * what each node says. `{{` is a brace; `\\n` and `\\t` are line end and tabulator. Throws UsageError.
 */
export function parseTemplate(text: string): Template {
  const parts = partsOf(text.replace(/\\([nt\\])/g, (_, letter: string) => escapes[letter] ?? letter));
  const time = new Date().toISOString();
  return (identity, inventory) =>
    parts.map((part) => (typeof part === 'string' ? part : shown(part, identity, inventory, time))).join('');
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\' };

function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  for (const [word] of text.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g)) {
    if (word === '{{' || word === '}}') parts.push(word.slice(1));
    else if (word === '{' || word === '}') {
      throw new UsageError(`--format: unmatched "${word}": write ${word}${word} for a literal ${word}`);
    } else parts.push(word.startsWith('{') ? fieldOf(word) : word);
  }
  return parts;
}

function fieldOf(word: string): Part {
  const [, name = '', digits = '0'] = /^\{(.*?)(?::(\d{1,3}))?\}$/s.exec(word) ?? [];
  const field = fields.find((one) => one === name);
  if (field) return { field, fact: undefined, width: Number(digits) };
  if (name.startsWith('facts.') && name.length > 'facts.'.length)
    return { field: 'facts', fact: readFactPath(name.slice('facts.'.length)), width: Number(digits) };
  throw new UsageError(
    `--format: unknown field ${word}${suggestion(name, fields)}; known fields: ${fields.join(', ')} and facts.NAME`,
  );
}

function shown(
  { field, fact, width }: Exclude<Part, string>,
  identity: string,
  inventory: Described,
  time: string,
): string {
  if (field === 'identity') return identity.padEnd(width);
  if (field === 'time') return time.padEnd(width);
  const value = fact === undefined ? inventory[field] : lookUpFact(inventory.facts ?? {}, fact);
  return textOf(value).padEnd(width);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
    return value.map((item) => plainLine(String(item))).join(', ');
  return plainLine(
    typeof value === 'object' ? jsonLines(value, Number.POSITIVE_INFINITY).join(' ') : String(value),
  );
}
