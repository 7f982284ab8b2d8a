import { nameFault } from './bare.js';
import type { Comparison, FactCondition } from './condition.js';
import { quoted } from './quote.js';
import { isKeyword } from './spelling.js';

/** A compound filter (`-S`) as it travels. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | ClassOperand
  | FactOperand
  | DataOperand;

/** A class by name or regular expression `/…/`. */
export interface ClassOperand {
  readonly kind: 'class';
  readonly name: string;
}

export interface FactOperand extends FactCondition {
  readonly kind: 'fact';
}

/** An output of a data plugin: `name('query').output == value`. */
export interface DataOperand extends Comparison {
  readonly kind: 'data';
  readonly name: string;
  readonly query?: string;
  readonly output: string;
}

/** Whether a data plugin can have this name: a word that joins conditions, such as `or`, could never be asked. */
export function isDataName(name: string): boolean {
  return /^[a-z][a-z0-9_]*$/.test(name) && !isKeyword(name);
}

/** Writes an expression in the language of `-S`; reading it again gives the same expression. */
export function print(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.of.map((part) => printPart(part, expression.kind)).join(` ${expression.kind} `);
    case 'not':
      return `not ${printPart(expression.of, 'not')}`;
    case 'class':
      return expression.name.startsWith('/') ? expression.name : printName(expression.name, 'class');
    case 'fact':
      return `${printName(expression.fact, 'fact')} ${printComparison(expression)}`;
    case 'data': {
      const query = expression.query === undefined ? '' : quoted(expression.query);
      return `${expression.name}(${query}).${expression.output} ${printComparison(expression)}`;
    }
  }
}

function printPart(part: Expression, within: 'and' | 'or' | 'not'): string {
  const isList = part.kind === 'and' || part.kind === 'or';
  const bindsTighter = part.kind === 'and' && within === 'or';
  return isList && !bindsTighter ? `(${print(part)})` : print(part);
}

function printComparison({ operator, value }: Comparison): string {
  const takesPattern = operator === '=~' || operator === '!~';
  return `${operator} ${takesPattern ? value : printValue(value)}`;
}

function printValue(value: string): string {
  const isWord = /^[\w.:%+@#-][\w.:%+@#/-]*$/.test(value) && !isKeyword(value);
  return isWord ? value : quoted(value);
}

function printName(name: string, kind: 'class' | 'fact'): string {
  return nameFault(name, kind) ? quoted(name) : name;
}

/** The data functions that an expression asks, in its order. */
export function dataOperands(expression: Expression): readonly DataOperand[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.of.flatMap(dataOperands);
    case 'not':
      return dataOperands(expression.of);
    case 'data':
      return [expression];
    default:
      return [];
  }
}
