/** A place that the filter language cannot read, and what to write instead. */
export interface Misspelling {
  /** The index in the text that was checked. */
  readonly at: number;
  /** What stands there, such as `&&`. */
  readonly found: string;
  readonly advice: string;
}

/** Where it stands: in a class or the name of a fact, in a value, or in the name of a node. */
export type Part = 'name' | 'value' | 'identity';

const regularExpression = 'write a regular expression, such as /^web/';
const path = 'write the path of a fact with dots, such as disks.sda.size';

// What operators of other languages are here. The longer ones come first.
const spellings = new Map([
  ['===', 'write "="'],
  ['!==', 'write "!="'],
  ['<=>', 'write "="'],
  ['&&', 'write "and" in a compound filter'],
  ['||', 'write "or" in a compound filter'],
  ['<>', 'write "!="'],
  ['~=', 'write "=~"'],
  [':=', 'write "="'],
  ['..', regularExpression],
  ['::', 'leave out "::" at the beginning or end of a class'],
  ['&', 'write "and" in a compound filter'],
  ['|', 'write "or" in a compound filter'],
  ['!', 'write "not" in a compound filter, or "!=" to compare a fact'],
  [';', 'write "and" in a compound filter'],
  ['~', 'write "=~"'],
  ['=', 'write one comparison, such as os.family=Debian'],
  ['<', 'write one comparison, such as memory<4'],
  ['>', 'write one comparison, such as memory>4'],
  [':', 'write "::" in a class and "=" before the value of a fact'],
  ['(', 'write a compound filter'],
  [')', 'write a compound filter'],
  ['#', path],
  ['[', path],
  [']', path],
  ['$', 'write the name of a fact alone, such as os.family'],
  ['*', regularExpression],
  ['?', regularExpression],
  ['^', regularExpression],
  ['{', regularExpression],
  ['}', regularExpression],
]);

const lists: Readonly<Record<Part, string>> = {
  name: 'join names with "and" or "or" in a compound filter',
  value: 'write a regular expression for one of several values, such as /^(web|db)$/',
  identity: 'repeat the option for each node',
};

// What word processors and chats make of an operator, and letters that look like one.
const lookalikes = new Map([
  ['"', '\u00ab\u00bb\u201c\u201d\u201e\u201f\u2033\u02ba\u02ee'],
  ["'", '\u2018\u2019\u201a\u201b\u2032\u00b4\u02b9\u02bb\u02bc\u02bd'],
  ['!', '\u01c3'],
  ['!=', '\u2260'],
  ['<=', '\u2264\u2a7d'],
  ['>=', '\u2265\u2a7e'],
  ['and', '\u2227\u22c0'],
  ['or', '\u2228\u22c1\u01c0\u01c1\u2016\u2223\u00a6'],
  ['not', '\u00ac'],
  ['-', '\u2010\u2011\u2012\u2013\u2014\u2212'],
  [':', '\u02d0\u2236\ua789'],
  ['/', '\u2044\u2215'],
  ['~', '\u223c\u02dc'],
  ['*', '\u2217\u22c6'],
]);

const comparisons = new Map([
  ['eq', '='],
  ['is', '='],
  ['equals', '='],
  ['ne', '!='],
  ['gt', '>'],
  ['ge', '>='],
  ['lt', '<'],
  ['le', '<='],
  ['in', '=~'],
  ['like', '=~'],
  ['matches', '=~'],
  ['contains', '=~'],
]);

/** Whether a word joins conditions, in capitals or not. */
export function isKeyword(word: string): boolean {
  return /^(?:and|or|not)$/i.test(word);
}

/** Describes what stands at a place of a text where the language cannot read on. */
export function misspellingAt(text: string, at: number, part: Part): Misspelling {
  const found = foundAt(text, at);
  const quotes = part === 'identity' ? undefined : `put quotes around a ${part} that contains it`;
  const advice = [adviceFor(found, part), quotes].filter((known) => known !== undefined).join(', or ');
  return { at, found: /^[\p{C}\p{Z}]$/u.test(found) && found !== ' ' ? codePoint(found) : found, advice };
}

/** `: ` and what to write for an operator of another language that stands between two conditions; empty if there is none. */
export function adviceBetween(text: string, at: number): string {
  const [word = ''] = /^[a-z]+/i.exec(text.slice(at)) ?? [];
  const operator = comparisons.get(word.toLowerCase());
  const advice = operator === undefined ? adviceFor(foundAt(text, at), 'name') : `write "${operator}"`;
  return advice === undefined ? '' : `: ${advice}`;
}

/** The operator of another language that begins as one of ours does; undefined if none stands there. */
export function foreignOperatorAt(text: string, at: number): Misspelling | undefined {
  const [found] = /^(?:===|!==|<=>|<>)/.exec(text.slice(at)) ?? [];
  return found === undefined ? undefined : { at: 0, found, advice: spellings.get(found) ?? '' };
}

function foundAt(text: string, at: number): string {
  const form = [...spellings.keys()].find((known) => text.startsWith(known, at));
  return (
    form ?? /^(?:and|or|not)\b/i.exec(text.slice(at))?.[0] ?? String.fromCodePoint(text.codePointAt(at) ?? 0)
  );
}

function adviceFor(found: string, part: Part): string | undefined {
  if (found === ',') return lists[part];
  if (isKeyword(found)) return `use "${found.toLowerCase()}" in a compound filter`;
  if (part !== 'name' && /^[*?[\]{}^$]/.test(found)) return regularExpression;
  return (part === 'identity' ? undefined : spellings.get(found)) ?? adviceForLookalike(found);
}

function adviceForLookalike(found: string): string | undefined {
  if (found <= '\u007f') return undefined;
  const [known] = [...lookalikes].find(([, marks]) => marks.includes(found)) ?? [];
  const plain = found.normalize('NFKC');
  const meant = known ?? (/^[!-~]$/.test(plain) ? plain : undefined);
  return meant && `write ${meant} (${codePoint(found)} only looks like it)`;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
