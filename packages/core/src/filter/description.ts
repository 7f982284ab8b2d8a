import type { Comparison, FactCondition, Operator } from './condition.js';
import type { Expression } from './expression.js';
import type { Filter } from './filter.js';

const verbs: Readonly<Record<Operator, string>> = {
  '==': 'is',
  '!=': 'is set and is not',
  '=~': 'matches',
  '!~': 'is set and does not match',
  '<': 'is less than',
  '<=': 'is at most',
  '>': 'is more than',
  '>=': 'is at least',
};

/** Says in English which nodes a filter selects, one line for each condition. */
export function describe(filter: Filter): string {
  const { identities, agents, classes, facts, compound } = filter;
  const conditions = [
    ...(identities.length > 0 ? [`the identity ${join(identities.map(describeName), 'or')}`] : []),
    ...agents.map((agent) => describePresence('agent', agent)),
    ...classes.map((name) => describePresence('class', name)),
    ...facts.map(describeFact),
    ...compound.map((expression) => describeExpression(expression)),
  ];
  if (conditions.length === 0) return 'All nodes.';
  return `Nodes where:\n${conditions.map((condition) => `  - ${condition}`).join('\n')}`;
}

/** Says in English when a compound filter is true. */
export function describeExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const parts = expression.of.map((part) => {
        const isList = part.kind === 'and' || part.kind === 'or';
        return isList ? `(${describeExpression(part)})` : describeExpression(part);
      });
      return parts.join(` ${expression.kind} `);
    }
    case 'not':
      return `not (${describeExpression(expression.of)})`;
    case 'class':
      return describePresence('class', expression.name);
    case 'fact':
      return describeFact(expression);
    case 'data': {
      const query = expression.query === undefined ? '' : ` for "${expression.query}"`;
      return `the output ${expression.output} of the data plugin ${expression.name}${query} ${describeComparison(expression)}`;
    }
  }
}

function describeFact(condition: FactCondition): string {
  return `the fact ${condition.fact} ${describeComparison(condition)}`;
}

function describeComparison({ operator, value }: Comparison): string {
  const isPattern = operator === '=~' || operator === '!~';
  return `${verbs[operator]} ${isPattern ? value : `"${value}"`}`;
}

function describeName(name: string): string {
  return `${name.startsWith('/') ? 'matches' : 'is'} ${name}`;
}

function describePresence(what: 'agent' | 'class', name: string): string {
  const article = what === 'agent' ? 'an' : 'a';
  return name.startsWith('/')
    ? `${article} ${what} that matches ${name} is present`
    : `the ${what} ${name} is present`;
}

function join(parts: readonly string[], word: string): string {
  return parts.join(` ${word} `);
}
