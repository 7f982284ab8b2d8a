import { basename } from 'node:path';
import { type Facts, isPattern, suggestion } from '@troupe/core';
import { nameFault } from './caller-name.js';
import { callersFault } from './caller-pattern.js';
import { defaultPolicy } from './folder.js';
import { impossibility } from './impossible.js';
import { letterCaseHints } from './letter-case.js';
import type { Policy, Rule } from './policy.js';

/** What the lines of a policy are compared with, if it is known. */
export interface KnownNames {
  /** The pattern for the names of callers. */
  readonly callers?: RegExp;
  /** The actions of the agent; for the default policy, those of all agents. */
  readonly actions?: readonly string[];
  /** The facts of this host. */
  readonly facts?: Facts;
}

/** Lines without facts and classes that later lines are compared with. */
const mostWide = 200;

/** What a policy file allows but cannot mean, as `FILE:LINE: …`. */
export function warningsOf(
  file: string,
  rules: readonly Rule[],
  fallback: Policy['default'],
  { callers, actions, facts }: KnownNames,
): string[] {
  const wide = rules.filter(({ facts, classes }) => !facts && !classes).slice(0, mostWide);
  const lacking =
    basename(file) === defaultPolicy
      ? 'no agent on this host has such an action'
      : 'the DDL of the agent has no such action';
  return rules.flatMap((rule) =>
    [
      ...strangeCallers(rule, callers),
      ...strangeActions(rule, actions, lacking),
      ...strangeClasses(rule),
      ...letterCaseHints(rule, facts),
      ...impossible(rule),
      ...shadowed(rule, wide),
      ...liftedByFacts(rule, fallback),
    ].map((reason) => `${file}:${rule.line}: ${reason}`),
  );
}

function strangeCallers({ callers = [] }: Rule, known: RegExp | undefined): readonly string[] {
  return callers.flatMap((caller) => {
    const fault = isPattern(caller) ? callersFault(caller, known) : nameFault(caller, known);
    return fault === undefined ? [] : [fault];
  });
}

function strangeActions(
  { actions = [] }: Rule,
  known: readonly string[] | undefined,
  lacking: string,
): readonly string[] {
  if (!known) return [];
  return actions
    .filter((action) => !known.includes(action))
    .map((action) => `"${action}" never matches: ${lacking}${suggestion(action, known)}`);
}

function strangeClasses({ classes }: Rule): readonly string[] {
  return (classes?.classes ?? [])
    .filter((name) => !isPattern(name) && /[A-Z]/.test(name))
    .map(
      (name) =>
        `the class "${name}" has a capital letter, but the names of Puppet's classes are in lower case (did you mean "${name.toLowerCase()}"?)`,
    );
}

function impossible({ facts, classes }: Rule): readonly string[] {
  const reason = impossibility([facts, classes]);
  return reason === undefined ? [] : [reason];
}

// An earlier line that matches whenever this one does decides first.
function shadowed(rule: Rule, wide: readonly Rule[]): readonly string[] {
  const first = wide.find(
    ({ line, callers, actions }) =>
      line < rule.line && covers(callers, rule.callers) && covers(actions, rule.actions),
  );
  return first === undefined
    ? []
    : [`the line is never reached: line ${first.line} decides every call that it matches`];
}

function covers(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  return wide === undefined || (narrow?.every((name) => wide.includes(name)) ?? false);
}

function liftedByFacts({ allow, facts, classes }: Rule, fallback: Policy['default']): readonly string[] {
  if (allow || !fallback.allow || !(facts || classes)) return [];
  return ['this "deny" does not apply if the fact is missing: the default then allows the call'];
}
