import { isIdentity, suggestion } from '@troupe/core';
import type { Policy, Rule } from './policy.js';

/** What a policy file allows but cannot mean, as `FILE:LINE: …`. `actions` are those of its agent, if its DDL is known. */
export function warningsOf(
  file: string,
  rules: readonly Rule[],
  fallback: Policy['default'],
  actions: readonly string[] | undefined,
): string[] {
  return rules.flatMap((rule) =>
    [...strangeCallers(rule), ...strangeActions(rule, actions), ...liftedByFacts(rule, fallback)].map(
      (reason) => `${file}:${rule.line}: ${reason}`,
    ),
  );
}

function strangeCallers({ callers = [] }: Rule): readonly string[] {
  return callers
    .filter((caller) => (caller.startsWith('/') ? needsCapitals(caller) : !isIdentity(caller)))
    .map((caller) =>
      caller.startsWith('/')
        ? `${caller} needs a capital letter, but caller names are in lower case: write ${caller}i`
        : `"${caller}" never matches: caller names consist of a-z, 0-9, ".", "_" and "-"`,
    );
}

// By its letters, and not by what stands for a kind of character.
function needsCapitals(pattern: string): boolean {
  if (pattern.endsWith('/i') || /\(\?\w*i/.test(pattern)) return false;
  return /[A-Z]/.test(pattern.replaceAll(/\\[pP](?:\{[^}]*\}|.)|\\.|\[[^\]]*\]|\(\?P?<\w*>/g, ''));
}

function strangeActions({ actions = [] }: Rule, known: readonly string[] | undefined): readonly string[] {
  if (!known) return [];
  return actions
    .filter((action) => !known.includes(action))
    .map(
      (action) =>
        `"${action}" never matches: the DDL of the agent has no such action${suggestion(action, known)}`,
    );
}

function liftedByFacts({ allow, facts, classes }: Rule, fallback: Policy['default']): readonly string[] {
  if (allow || !fallback.allow || !(facts || classes)) return [];
  return ['this "deny" does not apply if the fact is missing: the default then allows the call'];
}
