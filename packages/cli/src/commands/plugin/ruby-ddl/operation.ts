import { messageOf } from '@troupe/core';
import { compileRegex } from '@troupe/core/internal';
import { RubyFault } from './fault.js';
import { importRegex } from './regex.js';
import { isTrue, notRun, textOf, type Value } from './value.js';

/** Characters or items that an operation may make. */
const most = 10_000;

/** The operators of Ruby that are computed, by how strongly they bind. */
export const operators: readonly (readonly string[])[] = [
  ['||', 'or'],
  ['&&', 'and'],
  ['==', '!=', '=~', '!~', '<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/', '%'],
  ['**'],
];

/** The value of `left operator right`. Throws RubyFault. */
export function operate(operator: string, left: Value, right: Value): Value {
  const { line } = left;
  switch (operator) {
    case '||':
    case 'or':
      return isTrue(left) ? left : right;
    case '&&':
    case 'and':
      return isTrue(left) ? right : left;
    case '==':
      return truth(isSame(left, right), line);
    case '!=':
      return truth(!isSame(left, right), line);
    case '=~':
      return truth(isMatch(left, right), line);
    case '!~':
      return truth(!isMatch(left, right), line);
    case '+':
      return sum(left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

function truth(value: boolean, line: number): Value {
  return { kind: 'plain', value, line };
}

function isSame(left: Value, right: Value): boolean {
  if (left.kind === 'call') throw notRun(left.line, left.word);
  if (right.kind === 'call') throw notRun(right.line, right.word);
  const comparable = (value: Value) => JSON.stringify({ ...value, line: 0 });
  return left.kind === right.kind && comparable(left) === comparable(right);
}

function isMatch(left: Value, right: Value): boolean {
  const [text, regex] = left.kind === 'regex' ? [right, left] : [left, right];
  const subject = textOf(text);
  if (regex.kind !== 'regex' || subject === undefined) throw notRun(left.line, '=~');
  return regexOf(regex).test(subject);
}

function regexOf({ source, flags, line }: Value & { readonly kind: 'regex' }) {
  try {
    return compileRegex(importRegex(source, flags, line).pattern);
  } catch (cause) {
    throw cause instanceof RubyFault ? cause : new RubyFault(line, messageOf(cause), { cause });
  }
}

function sum(left: Value, right: Value): Value {
  const { line } = left;
  if (left.kind === 'array' && right.kind === 'array')
    return { kind: 'array', items: bounded([...left.items, ...right.items], line), line };
  if (left.kind === 'plain' && right.kind === 'plain') {
    const [one, other] = [left.value, right.value];
    if (typeof one === 'string' && typeof other === 'string')
      return { kind: 'plain', value: bounded(one + other, line), line };
  }
  return arithmetic('+', left, right);
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  const { line } = left;
  const [one, other] = [left, right].map((value) => (value.kind === 'plain' ? value.value : undefined));
  if (typeof one !== 'number' || typeof other !== 'number') throw notRun(line, operator);
  if (['<', '>', '<=', '>='].includes(operator)) return truth(compare(operator, one, other), line);
  const result = calculate(operator, one, other);
  if (result === undefined || !Number.isFinite(result) || Math.abs(result) > Number.MAX_SAFE_INTEGER)
    throw new RubyFault(line, `${one} ${operator} ${other} is not a number that can be used`);
  return { kind: 'plain', value: result, line };
}

function compare(operator: string, one: number, other: number): boolean {
  if (operator === '<') return one < other;
  if (operator === '>') return one > other;
  return operator === '<=' ? one <= other : one >= other;
}

function calculate(operator: string, one: number, other: number): number | undefined {
  const areWhole = Number.isInteger(one) && Number.isInteger(other);
  switch (operator) {
    case '+':
      return one + other;
    case '-':
      return one - other;
    case '*':
      return one * other;
    case '/':
      return areWhole ? Math.floor(one / other) : one / other;
    case '%':
      return one - other * Math.floor(one / other);
    case '**':
      return one ** other;
    default:
      return undefined;
  }
}

type Method = (text: string, values: readonly Value[], line: number) => string | number | boolean | undefined;

const textMethods: Readonly<Record<string, Method>> = {
  to_s: (text) => text,
  to_str: (text) => text,
  freeze: (text) => text,
  dup: (text) => text,
  capitalize: (text) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
  upcase: (text) => text.toUpperCase(),
  downcase: (text) => text.toLowerCase(),
  strip: (text) => text.trim(),
  chomp: (text) => text.replace(/\r?\n$/, ''),
  length: (text) => text.length,
  size: (text) => text.length,
  to_i: (text) => Number.parseInt(text, 10) || 0,
  'empty?': (text) => text === '',
  'start_with?': (text, values, line) => texts(values, line).some((one) => text.startsWith(one)),
  'end_with?': (text, values, line) => texts(values, line).some((one) => text.endsWith(one)),
  'include?': (text, values, line) => text.includes(texts(values, line).join('')),
  sub: (text, values, line) => replace(text, values, line, false),
  gsub: (text, values, line) => replace(text, values, line, true),
  tr: (text, values, line) => transliterate(text, texts(values, line)),
};

/** The value of `value.name(values)`, for the methods of texts, numbers and lists that only compute. Throws RubyFault. */
export function callMethod(value: Value, name: string, values: readonly Value[], line: number): Value {
  if (name === 'nil?') return truth(value.kind === 'plain' && value.value === null, line);
  if (value.kind === 'array') return arrayMethod(value.items, name, values, line);
  const text = textOf(value);
  if (text === undefined) throw notRun(line, name);
  if (name === 'to_sym' || name === 'intern') return { kind: 'symbol', name: text, line };
  const method = Object.hasOwn(textMethods, name) ? textMethods[name] : undefined;
  const made = method?.(text, values, line);
  if (made === undefined) throw notRun(line, name);
  if (value.kind === 'symbol' && typeof made === 'string' && name !== 'to_s')
    return { kind: 'symbol', name: made, line };
  return { kind: 'plain', value: typeof made === 'string' ? bounded(made, line) : made, line };
}

function arrayMethod(items: readonly Value[], name: string, values: readonly Value[], line: number): Value {
  const [first] = values;
  const nothing: Value = { kind: 'plain', value: null, line };
  switch (name) {
    case 'freeze':
    case 'dup':
    case 'to_a':
      return { kind: 'array', items, line };
    case 'include?':
      return truth(first !== undefined && items.some((item) => isSame(item, first)), line);
    case 'empty?':
      return truth(items.length === 0, line);
    case 'length':
    case 'size':
      return { kind: 'plain', value: items.length, line };
    case 'first':
      return items[0] ?? nothing;
    case 'last':
      return items.at(-1) ?? nothing;
    case 'join': {
      const all = items.map(textOf);
      if (all.includes(undefined)) throw notRun(line, name);
      return { kind: 'plain', value: bounded(all.join(texts(values, line).join('')), line), line };
    }
    default:
      throw notRun(line, name);
  }
}

function replace(text: string, values: readonly Value[], line: number, isGlobal: boolean): string {
  const [what, by] = values;
  const replacement = by?.kind === 'plain' && typeof by.value === 'string' ? by.value : undefined;
  if (what === undefined || replacement === undefined || values.length !== 2 || /\\/.test(replacement))
    throw notRun(line, isGlobal ? 'gsub' : 'sub');
  if (what.kind === 'regex') return regexOf(what).replace(text, replacement, { isGlobal });
  const [literal = ''] = texts([what], line);
  return isGlobal ? text.replaceAll(literal, () => replacement) : text.replace(literal, () => replacement);
}

function transliterate(text: string, [from = '', to = '', ...more]: readonly string[]): string | undefined {
  if (more.length > 0 || /[-^\\]/.test(from.slice(1)) || from === '' || to === '') return undefined;
  return Array.from(text, (character) => {
    const index = from.indexOf(character);
    return index < 0 ? character : (to[index] ?? to.at(-1));
  }).join('');
}

function texts(values: readonly Value[], line: number): readonly string[] {
  return values.map((value) => {
    if (value.kind !== 'plain' || typeof value.value !== 'string')
      throw new RubyFault(line, 'a method takes only strings here');
    return value.value;
  });
}

function bounded<T extends { readonly length: number }>(made: T, line: number): T {
  if (made.length > most) throw new RubyFault(line, 'the DDL is too long');
  return made;
}
