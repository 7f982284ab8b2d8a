import { TroupeError } from '../errors.js';
import { printable } from '../text/printable.js';
import { readQuoted } from './quote.js';
import { isKeyword } from './spelling.js';

/** A piece of a compound filter. `text` is what it means: without quotes, an operator in full. */
export interface Token {
  readonly kind: '(' | ')' | 'and' | 'or' | 'not' | 'operator' | 'word' | 'quoted' | 'pattern' | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const operatorForms = ['==', '=~', '=<', '=>', '!=', '!~', '<=', '>=', '=', '<', '>'];
const wordEnd = /[\s()!=<>'"`]/;

/** Cuts a compound filter into tokens, `end` last. Throws FILTER_INVALID, which shows the place. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = skipBlanks(text, 0);
  while (position < text.length) {
    const token = nextToken(text, position);
    tokens.push(token);
    position = skipBlanks(text, token.end);
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length });
  return tokens;
}

/** An error that points at the place in the filter. */
export function syntaxError(text: string, position: number, message: string): TroupeError {
  const from = Math.max(0, position - 40);
  const shown = printable(text.slice(from, from + 76));
  const caret = `${' '.repeat(position - from)}^`;
  return new TroupeError(
    'FILTER_INVALID',
    `cannot read the filter at column ${position + 1}: ${message}\n  ${shown}\n  ${caret}`,
  );
}

function nextToken(text: string, start: number): Token {
  const character = text[start] ?? '';
  if (character === '(' || character === ')') {
    return { kind: character, text: character, start, end: start + 1 };
  }
  const operator = operatorForms.find((form) => text.startsWith(form, start));
  if (operator) return { kind: 'operator', text: operator, start, end: start + operator.length };
  if (character === '!') return { kind: 'not', text: '!', start, end: start + 1 };
  if (character === '"' || character === "'") return quoted(text, start, character);
  if (character === '/') {
    const end = patternEnd(text, start);
    if (end !== undefined) return { kind: 'pattern', text: text.slice(start, end), start, end };
  }
  return word(text, start);
}

function word(text: string, start: number): Token {
  let end = start;
  while (end < text.length && !wordEnd.test(text[end] ?? '')) end += 1;
  if (end === start) throw syntaxError(text, start, `unexpected ${text[start]}`);
  const found = text.slice(start, end);
  const kind = isKeyword(found) ? (found.toLowerCase() as 'and' | 'or' | 'not') : 'word';
  return { kind, text: found, start, end };
}

function quoted(text: string, start: number, quote: string): Token {
  const found = readQuoted(text, start);
  if (!found) throw syntaxError(text, start, `this ${quote} is not closed`);
  return { kind: 'quoted', text: found.content, start, end: found.end };
}

/** Where the regular expression at `start` ends; undefined if the slash begins a path such as /var/log. */
export function patternEnd(text: string, start: number): number | undefined {
  let end = start + 1;
  while (end < text.length && text[end] !== '/' && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
  if (text[end] !== '/' || end === start + 1) return;
  end += text[end + 1] === 'i' ? 2 : 1;
  return end >= text.length || /[\s)]/.test(text[end] ?? '') ? end : undefined;
}

function skipBlanks(text: string, position: number): number {
  let next = position;
  while (/\s/.test(text[next] ?? '')) next += 1;
  return next;
}
