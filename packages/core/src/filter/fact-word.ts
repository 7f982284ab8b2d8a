import { nameFault, sourceFault, valueFault } from './bare.js';
import type { FactCondition } from './condition.js';
import { operatorOf } from './expression-parser.js';
import { invalid } from './invalid.js';
import { compileFilterPattern, patternOf, readPattern } from './pattern.js';
import { adviceBetween, foreignOperatorAt, type Misspelling } from './spelling.js';
import { splitName, unquoted } from './words.js';

const comparisonForm = /^(==|=~|=<|=>|!=|!~|<=|>=|=|<|>)\s*(.+)$/s;

const usage = 'write FACT=VALUE, with one of = != =~ !~ < <= > >=';

/** Whether a word compares a fact; otherwise it can only be a class. Throws FILTER_INVALID. */
export function isComparison(word: string): boolean {
  return comparisonForm.test(splitName(word, word).rest);
}

/** Reads `FACT OPERATOR VALUE`, such as `os.family=Debian`, `memory.total>=4` or `role=/^web/i`. */
export function parseFact(word: string): FactCondition {
  const { name, isQuoted, rest } = splitName(word.trim(), word);
  const fault = isQuoted || name === '' ? undefined : nameFault(name, 'fact');
  if (fault) throw misspelt(word, 'the name contains', fault);
  const foreign = foreignOperatorAt(rest, 0);
  if (foreign) throw misspelt(word, 'the operator is', foreign);
  const [, written, value] = comparisonForm.exec(rest) ?? [];
  if (name === '' || written === undefined || value === undefined) {
    const form = isQuoted && rest !== '' ? 'put the whole name in quotes' : usage;
    const advice = adviceBetween(rest, 0) || `: ${form}`;
    throw invalid(`"${word}" is not a fact filter${advice}`);
  }
  const isSlashed = /^\/.+\/i?$/s.test(value);
  const operator = operatorOf(written, isSlashed);
  if (!operator) throw invalid(`"${word}": a regular expression cannot be compared with ${written}`);
  const takesPattern = operator === '=~' || operator === '!~';
  if (isSlashed) return { fact: name, operator, value: readPattern(value) };
  const meant = plainValue(value, word, takesPattern ? sourceFault : valueFault);
  return { fact: name, operator, value: takesPattern ? patternFrom(meant) : meant };
}

function plainValue(value: string, word: string, check: (text: string) => Misspelling | undefined): string {
  const content = unquoted(value, word);
  if (content !== undefined) return content;
  const fault = check(value);
  if (fault) throw misspelt(word, 'the value contains', fault);
  return value;
}

function patternFrom(source: string): string {
  const pattern = patternOf(source);
  compileFilterPattern(pattern);
  return pattern;
}

function misspelt(word: string, where: string, { found, advice }: Misspelling): Error {
  return invalid(`"${word}" is not a fact filter: ${where} "${found}": ${advice}`);
}
