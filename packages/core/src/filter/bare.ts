import { isKeyword, type Misspelling, misspellingAt } from './spelling.js';

const nameForm = /^[A-Za-z0-9_](?:[\w.:/-]*[\w/])?$/;
const nameCharacter = /[\w.:/-]/;
const valueCharacter = /[ \w.:/+%@#~='"\\\p{L}\p{M}\p{N}-]/u;
const patternCharacter = /[ \w.:/+%@#~'"^$*?[\]{}()|\\\p{L}\p{M}\p{N}-]/u;

// Letters by their Unicode category that look like "!", "|", quotes and colons, and wide forms of ASCII.
const falseLetter = /[\u01c0-\u01c3\u02b0-\u02ff\uff01-\uff5e]/;

/** Why a class or the name of a fact cannot stand without quotes; undefined if it can. */
export function nameFault(text: string, kind: 'class' | 'fact'): Misspelling | undefined {
  const at = firstStranger(text, nameCharacter) ?? placeInName(text, kind);
  return at === undefined ? undefined : misspellingAt(text, at, 'name');
}

function placeInName(text: string, kind: 'class' | 'fact'): number | undefined {
  if (isKeyword(text)) return 0;
  const range = text.indexOf('..');
  if (range >= 0) return range;
  const colon = kind === 'class' ? text.replaceAll('::', '__').indexOf(':') : -1;
  if (colon >= 0) return colon;
  if (nameForm.test(text)) return undefined;
  return /^\w/.test(text) ? text.length - 1 : 0;
}

/** Why a value cannot stand without quotes after an operator that compares texts; undefined if it can. */
export function valueFault(text: string): Misspelling | undefined {
  return faultOf(text, valueCharacter);
}

/** Why a regular expression cannot stand without slashes after `=~` or `!~`; undefined if it can. */
export function sourceFault(text: string): Misspelling | undefined {
  // An empty alternative matches everything.
  const or = /\|\||(?<= )\||\|(?= )/.exec(text)?.index;
  const at = firstStranger(text, patternCharacter) ?? or;
  return at === undefined ? faultOf(text, patternCharacter) : misspellingAt(text, at, 'value');
}

function faultOf(text: string, allowed: RegExp): Misspelling | undefined {
  const at = firstStranger(text, allowed) ?? placeOfMark(text) ?? placeOfSecondCondition(text);
  if (at !== undefined) return misspellingAt(text, at, 'value');
  // A flag of other languages, or a path with a slash at its end.
  const isSlashed = /^\/.+\/[gim]{0,3}$/s.test(text);
  if (!isSlashed) return undefined;
  return {
    at: text.lastIndexOf('/'),
    found: '/',
    advice:
      'write \\/ for a slash within a regular expression and no flag but i, or put quotes around a value that is a plain text',
  };
}

// O'Brien may stand without quotes. Other quotes have lost their partner, or enclose only a part of the value.
function placeOfMark(text: string): number | undefined {
  const at = (text.includes(' ') ? /["']/ : /^["']|["']$/).exec(text)?.index;
  return at ?? (/^[=~]/.test(text) ? 0 : undefined);
}

// Only `-F` takes a value with blanks; what looks like a second condition there is none.
function placeOfSecondCondition(text: string): number | undefined {
  if (!text.includes(' ')) return undefined;
  const word = [...text.matchAll(/[^ ]+/g)].find(([found]) => isKeyword(found));
  const equals = text.indexOf('=');
  return word?.index ?? (equals < 0 ? undefined : equals);
}

function firstStranger(text: string, allowed: RegExp): number | undefined {
  let at = 0;
  for (const character of text) {
    if (!allowed.test(character) || falseLetter.test(character)) return at;
    at += character.length;
  }
  return undefined;
}
