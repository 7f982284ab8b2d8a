import type { AgentConfig } from '@troupe/core';
import { UsageError } from '../../../failure.js';

type Values = Readonly<Record<string, string | number>>;

/**
 * A section with the places of the sandbox filled into its texts, at any depth; a text that is nothing but a
 * placeholder becomes the value itself. Throws a UsageError for a placeholder that does not exist.
 */
export function filledSection(section: AgentConfig, values: Values): AgentConfig {
  return filled(section, values) as AgentConfig;
}

function filled(value: unknown, values: Values): unknown {
  if (typeof value === 'string') return filledText(value, values);
  if (Array.isArray(value)) return value.map((each) => filled(each, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, values)]));
}

function filledText(text: string, values: Values): string | number {
  const lookUp = (name: string) => {
    const known = Object.hasOwn(values, name) ? values[name] : undefined;
    if (known !== undefined) return known;
    const names = Object.keys(values).map((each) => `{${each}}`);
    throw new UsageError(`--section: unknown placeholder {${name}}: use ${names.join(', ')}`);
  };
  const [, only] = /^\{(\w+)\}$/.exec(text) ?? [];
  if (only !== undefined) return lookUp(only);
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(lookUp(name)));
}
