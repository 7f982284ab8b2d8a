import { invalid } from './invalid.js';
import { readQuoted } from './quote.js';
import { adviceBetween } from './spelling.js';
import { patternEnd } from './token.js';

/** Splits a text at its blanks, except within quotes and regular expressions. Throws FILTER_INVALID. */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let start = 0;
  let position = 0;
  while (position < text.length) {
    const isBlank = /\s/.test(text[position] ?? '');
    if (isBlank && position > start) words.push(text.slice(start, position));
    position = isBlank ? position + 1 : endOfPart(text, position, position === start);
    if (isBlank) start = position;
  }
  if (position > start) words.push(text.slice(start));
  return words;
}

// A quote or a regular expression is one part, everything else is one character.
function endOfPart(text: string, position: number, isFirst: boolean): number {
  const character = text[position] ?? '';
  if (character === '"' || character === "'") return readClosed(text, position, text).end;
  const mayBePattern = character === '/' && (isFirst || /[=~]/.test(text[position - 1] ?? ''));
  return (mayBePattern ? patternEnd(text, position) : undefined) ?? position + 1;
}

/** The name at the beginning of a word, with or without quotes, and what follows it. */
export function splitName(text: string, word: string) {
  if (isQuoted(text)) {
    const { content, end } = readClosed(text, 0, word);
    return { name: content, isQuoted: true, rest: text.slice(end).trimStart() };
  }
  const end = /[\s=!<>~]/.exec(text)?.index ?? text.length;
  return { name: text.slice(0, end), isQuoted: false, rest: text.slice(end).trimStart() };
}

/** The content of a text in quotes; undefined if it has none. `word` is what an error shows. Throws FILTER_INVALID. */
export function unquoted(text: string, word: string): string | undefined {
  if (!isQuoted(text)) return undefined;
  const { content, end } = readClosed(text, 0, word);
  const rest = text.slice(end).trim();
  if (rest === '') return content;
  throw invalid(`"${word}": unexpected ${rest} after the closing quote${adviceBetween(rest, 0)}`);
}

function isQuoted(text: string): boolean {
  return text.startsWith('"') || text.startsWith("'");
}

function readClosed(text: string, start: number, word: string) {
  const found = readQuoted(text, start);
  if (!found) throw invalid(`"${word}": a quote is not closed`);
  return found;
}
