import { suggestion, TroupeError } from '@troupe/core';
import type { StepName } from './step-names.js';

/** What texts in the inputs of hooks and of steps of the site can contain, besides `{facts.PATH}`. */
export const placeholderNames = [
  'identity',
  'certname',
  'address',
  'master',
  'master_address',
  'ca_fingerprint',
  'csr_fingerprint',
  'fingerprint',
  'lease_token',
] as const;

export type PlaceholderName = (typeof placeholderNames)[number];

/** Steps before whose end a placeholder has no value. */
export const knownAfter: Readonly<Partial<Record<PlaceholderName, StepName>>> = {
  csr_fingerprint: 'send_node_csr',
  fingerprint: 'sign_node_csr',
};

const factPrefix = 'facts.';
// A fact may have any key, so its path may hold anything but braces. `{{` and `}}` stand for the braces themselves.
const pattern = /\{\{|\}\}|\{(facts\.[^{}]+|[A-Za-z_][^{}\s]*)\}/g;

/** The placeholders in all texts of an input. */
export function placeholdersIn(input: unknown): readonly string[] {
  if (typeof input === 'string')
    return [...input.matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [name]));
  if (typeof input !== 'object' || input === null) return [];
  return Object.values(input).flatMap(placeholdersIn);
}

/** The path of the fact that a placeholder stands for. */
export function factPathOf(placeholder: string): string | undefined {
  return placeholder.startsWith(factPrefix) ? placeholder.slice(factPrefix.length) : undefined;
}

/** Throws CONFIG_INVALID if an input has a placeholder that does not exist. */
export function checkPlaceholders(input: unknown, where: string): void {
  const known: ReadonlySet<string> = new Set(placeholderNames);
  const unknown = placeholdersIn(input).find((name) => factPathOf(name) === undefined && !known.has(name));
  if (unknown === undefined) return;
  const all = [...placeholderNames.map((name) => `{${name}}`), '{facts.PATH}'].join(', ');
  throw new TroupeError(
    'CONFIG_INVALID',
    `${where}: unknown placeholder {${unknown}}${suggestion(unknown, placeholderNames)}: use ${all}; write {{${unknown}}} for the text itself`,
  );
}

/**
 * An input with its placeholders filled in, at any depth. A text that is nothing but one placeholder becomes the value
 * itself, such as a number.
 */
export function fillIn<T>(input: T, lookUp: (placeholder: string) => unknown): T {
  return filled(input, lookUp) as T;
}

function filled(input: unknown, lookUp: (placeholder: string) => unknown): unknown {
  if (typeof input === 'string') return filledText(input, lookUp);
  if (Array.isArray(input)) return input.map((each) => filled(each, lookUp));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, filled(value, lookUp)]));
}

function filledText(text: string, lookUp: (placeholder: string) => unknown): unknown {
  const [first] = text.matchAll(pattern);
  if (first?.[1] !== undefined && first[0] === text) return lookUp(first[1]);
  return text.replaceAll(pattern, (all, name: string | undefined) =>
    name === undefined ? all.slice(1) : textOf(lookUp(name)),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
