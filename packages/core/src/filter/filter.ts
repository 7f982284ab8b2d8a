import type { FactCondition } from './condition.js';
import type { Expression } from './expression.js';

/** A host's facts: JSON, structured. */
export type Facts = Readonly<Record<string, unknown>>;

/**
 * Which nodes a request is for, as it travels. A class, an agent and an identity are a name or a regular
 * expression `/…/`. A node matches when one of the identities does, if there are any, and all of the rest.
 */
export interface Filter {
  readonly facts: readonly FactCondition[];
  readonly classes: readonly string[];
  readonly agents: readonly string[];
  readonly identities: readonly string[];
  readonly compound: readonly Expression[];
}

/** The filter that every node matches. */
export const emptyFilter: Filter = Object.freeze({
  facts: Object.freeze([]),
  classes: Object.freeze([]),
  agents: Object.freeze([]),
  identities: Object.freeze([]),
  compound: Object.freeze([]),
});

/** Whether every node matches, whichever agents it has: what a caller confirms before it changes hosts. */
export function isEmpty(filter: Filter): boolean {
  const { facts, classes, identities, compound } = filter;
  return facts.length + classes.length + identities.length + compound.length === 0;
}

/** The nodes that a filter names by identity and nothing but identity, so that nobody needs to look for them. */
export function namedNodes(filter: Filter): readonly string[] | undefined {
  const { facts, classes, identities, compound } = filter;
  const isPlain = facts.length + classes.length + compound.length === 0;
  return isPlain && identities.length > 0 && !identities.some(isPattern)
    ? [...new Set(identities)]
    : undefined;
}

/** Whether a class, agent, identity or value of a filter is a regular expression. */
export function isPattern(text: string): boolean {
  return text.startsWith('/');
}
