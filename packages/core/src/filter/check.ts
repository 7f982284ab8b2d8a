import { type FactCondition, operators } from './condition.js';
import { type Expression, isDataName } from './expression.js';
import { bounds } from './expression-parser.js';
import type { Filter } from './filter.js';
import { invalid } from './invalid.js';
import { compileFilterPattern } from './pattern.js';

const most = { facts: 64, classes: 64, agents: 64, identities: 5000, compound: 16 } as const;
const longest = 1024;
const mostPatterns = 16;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a filter that came from the network, to the last regular expression, and returns a copy. A part that
 * this version does not know is refused: a filter must never select more than its sender meant. Throws
 * FILTER_INVALID.
 */
export function checkFilter(value: unknown): Filter {
  const filter = fields(value, 'the filter', Object.keys(most));
  const budget = { patterns: mostPatterns, nodes: bounds.nodes };
  const names = (key: 'classes' | 'agents' | 'identities') =>
    list(filter, key).map((name, index) => checkName(name, `${key}[${index}]`, budget));
  return {
    facts: list(filter, 'facts').map((fact, index) => checkFact(fact, `facts[${index}]`, budget)),
    classes: names('classes'),
    agents: names('agents'),
    identities: names('identities'),
    compound: list(filter, 'compound').map((part, index) =>
      checkExpression(part, `compound[${index}]`, budget, 0),
    ),
  };
}

interface Budget {
  patterns: number;
  nodes: number;
}

function list(filter: Fields, key: keyof typeof most): readonly unknown[] {
  const value = filter[key] ?? [];
  if (!Array.isArray(value)) throw invalid(`${key} must be an array`);
  if (value.length > most[key])
    throw invalid(`${key} has ${value.length} entries; the limit is ${most[key]}`);
  return value;
}

function checkFact(value: unknown, where: string, budget: Budget): FactCondition {
  const condition = fields(value, where, ['fact', 'operator', 'value']);
  return { fact: text(condition.fact, `${where}.fact`), ...checkComparison(condition, where, budget) };
}

function checkComparison(condition: Fields, where: string, budget: Budget) {
  const operator = operators.find((known) => known === condition.operator);
  if (!operator) throw invalid(`${where}.operator must be one of ${operators.join(' ')}`);
  const value = text(condition.value, `${where}.value`, 0);
  if (operator === '=~' || operator === '!~') checkPattern(value, `${where}.value`, budget);
  return { operator, value };
}

function checkExpression(value: unknown, where: string, budget: Budget, depth: number): Expression {
  budget.nodes -= 1;
  if (budget.nodes < 0) throw invalid(`compound has more than ${bounds.nodes} parts`);
  // Each pair of parentheses may hold an "or" of "and"s: two levels.
  if (depth > 2 * bounds.depth + 3) throw invalid('compound is nested too deeply');
  const kind = typeof value === 'object' && value !== null ? (value as Fields).kind : undefined;
  const inner = (part: unknown, place: string) => checkExpression(part, place, budget, depth + 1);
  switch (kind) {
    case 'and':
    case 'or': {
      const { of } = fields(value, where, ['kind', 'of']);
      if (!Array.isArray(of) || of.length < 2) throw invalid(`${where}.of must be an array of two or more`);
      return { kind, of: of.map((part, index) => inner(part, `${where}.of[${index}]`)) };
    }
    case 'not':
      return { kind, of: inner(fields(value, where, ['kind', 'of']).of, `${where}.of`) };
    case 'class':
      return { kind, name: checkName(fields(value, where, ['kind', 'name']).name, `${where}.name`, budget) };
    case 'fact': {
      const { kind: _, ...condition } = fields(value, where, ['kind', 'fact', 'operator', 'value']);
      return { kind, ...checkFact(condition, where, budget) };
    }
    case 'data':
      return checkData(
        fields(value, where, ['kind', 'name', 'query', 'output', 'operator', 'value']),
        where,
        budget,
      );
    default:
      throw invalid(`${where}.kind must be one of and, or, not, class, fact, data`);
  }
}

function checkData(data: Fields, where: string, budget: Budget): Expression {
  const name = text(data.name, `${where}.name`);
  const output = text(data.output, `${where}.output`);
  if (!isDataName(name)) throw invalid(`${where}.name is not a valid data plugin name`);
  if (!/^\w+$/.test(output)) throw invalid(`${where}.output is not a valid output name`);
  const query = data.query === undefined ? {} : { query: text(data.query, `${where}.query`, 0) };
  return { kind: 'data', name, ...query, output, ...checkComparison(data, where, budget) };
}

function checkName(value: unknown, where: string, budget: Budget): string {
  const name = text(value, where);
  if (name.startsWith('/')) checkPattern(name, where, budget);
  return name;
}

function checkPattern(pattern: string, where: string, budget: Budget): void {
  budget.patterns -= 1;
  if (budget.patterns < 0) throw invalid(`the filter has more than ${mostPatterns} regular expressions`);
  try {
    compileFilterPattern(pattern);
  } catch (cause) {
    throw invalid(`${where}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function fields(value: unknown, where: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${where} must be an object`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw invalid(`${where} has an unknown part "${unknown.slice(0, 64)}"`);
  }
  return value as Fields;
}

function text(value: unknown, where: string, least = 1): string {
  if (typeof value !== 'string') throw invalid(`${where} must be a string`);
  if (value.length < least) throw invalid(`${where} must not be empty`);
  if (value.length > longest) throw invalid(`${where} is longer than ${longest} characters`);
  return value;
}
