import type { Expression, Filter } from '@troupe/core';

type Joined = Extract<Expression, { kind: 'and' | 'or' }>;
type Negated = Extract<Expression, { kind: 'not' }>;
type Condition = Exclude<Expression, Joined | Negated>;
type Comparing = Exclude<Condition, { kind: 'class' }>;

/** A condition, or the opposite of one. */
interface Literal {
  readonly of: Condition;
  readonly isTrue: boolean;
}

/** A line with more conditions, or with more alternatives of conditions, is not examined: this must cost little. */
const mostConditions = 32;
const mostAlternatives = 32;

const noHost = 'the line never matches';

/** Why no host can match the facts and classes of a line, whatever its facts and classes are; undefined if one may. */
export function impossibility(filters: readonly (Filter | undefined)[]): string | undefined {
  const parts = filters.flatMap((filter) => (filter ? expressionsOf(filter) : []));
  if (countIn({ kind: 'and', of: parts }) > mostConditions) return undefined;
  const alternatives = alternativesOf({ kind: 'and', of: parts }, true);
  if (alternatives === undefined) return undefined;
  const reasons = alternatives.map(contradictionIn);
  return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
}

function expressionsOf({ facts, classes, compound }: Filter): readonly Expression[] {
  return [
    ...facts.map((condition) => ({ kind: 'fact' as const, ...condition })),
    ...classes.map((name) => ({ kind: 'class' as const, name })),
    ...compound,
  ];
}

function isJoined(expression: Expression): expression is Joined {
  return expression.kind === 'and' || expression.kind === 'or';
}

function countIn(expression: Expression): number {
  if (expression.kind === 'not') return countIn(expression.of);
  if (!isJoined(expression)) return 1;
  return expression.of.reduce((sum, part) => sum + countIn(part), 0);
}

// The disjunctive normal form.
function alternativesOf(
  expression: Expression,
  isTrue: boolean,
): readonly (readonly Literal[])[] | undefined {
  if (expression.kind === 'not') return alternativesOf(expression.of, !isTrue);
  if (!isJoined(expression)) return [[{ of: expression, isTrue }]];
  const parts = expression.of.map((part) => alternativesOf(part, isTrue));
  let all: readonly (readonly Literal[])[] = (expression.kind === 'and') === isTrue ? [[]] : [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    all =
      (expression.kind === 'and') === isTrue
        ? all.flatMap((one) => part.map((other) => [...one, ...other]))
        : [...all, ...part];
    if (all.length > mostAlternatives) return undefined;
  }
  return all;
}

function contradictionIn(literals: readonly Literal[]): string | undefined {
  for (const [index, one] of literals.entries())
    for (const other of literals.slice(index + 1)) {
      const reason = contradiction(one, other);
      if (reason !== undefined) return reason;
    }
  return undefined;
}

function contradiction(one: Literal, other: Literal): string | undefined {
  const [a, b] = [one.of, other.of];
  if (a.kind === 'class' && b.kind === 'class')
    return a.name === b.name && one.isTrue !== other.isTrue
      ? `${noHost}: it requires the class ${a.name} and its absence`
      : undefined;
  const [subject, otherSubject] = [subjectOf(a), subjectOf(b)];
  if (subject === undefined || subject !== otherSubject || a.kind === 'class' || b.kind === 'class')
    return undefined;
  const required = `it requires ${wordsOf(one)} and ${wordsOf(other)}`;
  const isSame = a.operator === b.operator && a.value === b.value;
  const areBoth = one.isTrue && other.isTrue;
  if (areBoth ? isOpposite(a, b) : isSame && one.isTrue !== other.isTrue) return `${noHost}: ${required}`;
  return areBoth && isDisjoint(a, b) ? `${noHost} with a single value of the fact: ${required}` : undefined;
}

function subjectOf(operand: Condition): string | undefined {
  if (operand.kind === 'class') return undefined;
  if (operand.kind === 'fact') return operand.fact;
  const query = operand.query === undefined ? '' : `'${operand.query}'`;
  return `${operand.name}(${query}).${operand.output}`;
}

// `!=` and `!~` are the exact opposite of `==` and `=~` if the fact exists, also if it is a list.
function isOpposite(a: Comparing, b: Comparing): boolean {
  if (a.value !== b.value) return false;
  const pair = [a.operator, b.operator].sort().join(' ');
  return pair === '!= ==' || pair === '!~ =~';
}

// Only if the fact has one value: several elements of a list could each meet one of the conditions.
function isDisjoint(a: Comparing, b: Comparing): boolean {
  const [x, y] = [rangeOf(a), rangeOf(b)];
  if (x && y) return x.least > y.most || y.least > x.most || meetsNowhere(x, y) || meetsNowhere(y, x);
  return a.operator === '==' && b.operator === '==' && a.value !== b.value;
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly isOpen: boolean;
}

function meetsNowhere(low: Range, high: Range): boolean {
  return low.most === high.least && (low.isOpen || high.isOpen);
}

function rangeOf({ operator, value }: Comparing): Range | undefined {
  // A decimal point may be that of a version: 1.9.5 is more than 1.9 and less than 1.10.
  if (!/^[+-]?\d{1,15}$/.test(value)) return undefined;
  const number = Number(value);
  switch (operator) {
    case '==':
      return { least: number, most: number, isOpen: false };
    case '<':
    case '<=':
      return { least: Number.NEGATIVE_INFINITY, most: number, isOpen: operator === '<' };
    case '>':
    case '>=':
      return { least: number, most: Number.POSITIVE_INFINITY, isOpen: operator === '>' };
    default:
      return undefined;
  }
}

function wordsOf({ of, isTrue }: Literal): string {
  const text = of.kind === 'class' ? of.name : `${subjectOf(of)}${of.operator.replace('==', '=')}${of.value}`;
  return isTrue ? text : `not ${text}`;
}
