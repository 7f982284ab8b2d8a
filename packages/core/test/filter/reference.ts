import type { FilterNode } from '../../src/filter/evaluation.js';
import { newMatch } from '../../src/filter/pattern.js';

class NotInTheLanguage extends Error {}

const parts = {
  blank: /\s*/y,
  keyword: /(?:and|or|not)(?![\w.:/+%@#~,;&|*?[\]{}^$\\\u0080-\uffff-])/iy,
  name: /[A-Za-z0-9_](?:[A-Za-z0-9_.:/-]*[A-Za-z0-9_/])?(?![^\s()!=<>])/y,
  quoted: /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy,
  pattern: /\/((?:[^/\\\n]|\\.)+)\/(i?)(?=[\s)]|$)/sy,
  operator: /==|!=|=(?![~<>])/y,
  value: /[\w.:/+%@#\\-][\w.:/+%@#~\\-]*(?![^\s()])/y,
} as const;

/**
 * The grammar of docs/reference/filters.md, written a second time: whether a compound filter of classes and of facts
 * compared with `=` and `!=` is true of a node; undefined if the text is not in the language.
 */
export function readingOf(text: string, { facts, classes }: FilterNode): boolean | undefined {
  let position = 0;
  const take = (part: keyof typeof parts): RegExpExecArray | null => {
    const form = parts[part];
    form.lastIndex = position;
    const found = form.exec(text);
    if (found) position = form.lastIndex;
    return found;
  };
  const has = (character: string): boolean => {
    take('blank');
    if (text[position] !== character) return false;
    position += 1;
    return true;
  };
  const hasKeyword = (word: string): boolean => {
    take('blank');
    const before = position;
    if (take('keyword')?.[0].toLowerCase() === word) return true;
    position = before;
    return false;
  };
  const list = (word: 'or' | 'and', part: () => boolean): boolean => {
    const values = [part()];
    while (hasKeyword(word)) values.push(part());
    return word === 'or' ? values.includes(true) : !values.includes(false);
  };
  const expression = (): boolean => list('or', () => list('and', negation));
  const negation = (): boolean => {
    if (hasKeyword('not')) return !negation();
    if (text[position] === '!' && has('!')) return !negation();
    if (!has('(')) return operand();
    const value = expression();
    if (!has(')')) throw new NotInTheLanguage();
    return value;
  };
  const content = (found: RegExpExecArray): string =>
    (found[1] ?? found[2] ?? '').replaceAll(/\\(.)/gs, (pair, mark: string) =>
      mark === '\\' || mark === found[0][0] ? mark : pair,
    );
  const operand = (): boolean => {
    const pattern = take('pattern');
    if (pattern) return classes.some((name) => matches(pattern, name));
    const inQuotes = take('quoted');
    const name = inQuotes ? content(inQuotes) : take('name')?.[0];
    if (name === undefined) throw new NotInTheLanguage();
    if (!inQuotes && /^(?:and|or|not)$|\.\./i.test(name)) throw new NotInTheLanguage();
    take('blank');
    const operator = take('operator')?.[0];
    if (operator === undefined) {
      if (inQuotes ? /^(?:$|\/)/.test(name) : /:/.test(name.replaceAll('::', '')))
        throw new NotInTheLanguage();
      return classes.includes(name);
    }
    if (name === '') throw new NotInTheLanguage();
    take('blank');
    return compare(facts[name], operator, take('pattern'));
  };
  const compare = (actual: unknown, operator: string, pattern: RegExpExecArray | null): boolean => {
    const inQuotes = pattern ? null : take('quoted');
    const value = inQuotes ? content(inQuotes) : pattern ? undefined : bareValue();
    if (actual === undefined) return false;
    const holds = pattern ? matches(pattern, String(actual)) : actual === value;
    return holds === (operator !== '!=');
  };
  const bareValue = (): string => {
    const value = take('value')?.[0];
    if (value === undefined || /^(?:and|or|not)$/i.test(value)) throw new NotInTheLanguage();
    if (/^\/.+\/[gim]{0,3}$/.test(value)) throw new NotInTheLanguage();
    return value;
  };
  try {
    const value = expression();
    take('blank');
    return position === text.length ? value : undefined;
  } catch (error) {
    if (error instanceof NotInTheLanguage) return undefined;
    throw error;
  }
}

// Regular expressions are not in question here.
function matches([pattern]: RegExpExecArray, text: string): boolean {
  try {
    return newMatch()(pattern, text);
  } catch {
    throw new NotInTheLanguage();
  }
}
