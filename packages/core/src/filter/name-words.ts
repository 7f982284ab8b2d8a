import { isIdentity, isName } from '../names.js';
import { nameFault } from './bare.js';
import { isPattern } from './filter.js';
import { invalid } from './invalid.js';
import { readPattern } from './pattern.js';
import { type Misspelling, misspellingAt } from './spelling.js';
import { unquoted } from './words.js';

/** Reads a class: a name, which may stand in quotes, or a regular expression `/…/`. */
export function parseClass(word: string): string {
  const text = trimmed(word, 'class');
  if (isPattern(text)) return readPattern(text);
  const content = unquoted(text, word);
  if (content === '' || content?.startsWith('/'))
    throw invalid(`"${word}" is not a valid class: it is empty or begins with a slash`);
  const fault = content === undefined ? nameFault(text, 'class') : undefined;
  if (fault) throw misnamed(word, 'class', fault);
  return content ?? text;
}

/** Reads the name of an agent, or a regular expression `/…/`. */
export function parseAgent(word: string): string {
  const text = trimmed(word, 'agent');
  if (isPattern(text)) return readPattern(text);
  if (isName(text)) return text;
  throw notAName(word, text, 'agent', /[^A-Za-z0-9_-]/u, 'a-z, 0-9, "_" and "-"');
}

/** Reads an identity, a regular expression `/…/`, or `group:NAME`, a group of an inventory that a client reads. */
export function parseIdentity(word: string): string {
  const text = trimmed(word, 'identity');
  if (isPattern(text)) return readPattern(text);
  if (/^group:[\w.-]+$/.test(text)) return text;
  const identity = text.toLowerCase();
  if (isIdentity(identity)) return identity;
  const names = identity.split(',');
  if (names.length > 1 && names.every(isIdentity))
    throw invalid(
      `"${word}" is a list: repeat the option for each node: ${names.map((one) => `-I ${one}`).join(' ')}`,
    );
  throw notAName(word, identity, 'identity', /[^a-z0-9._-]/u, 'a-z, 0-9, ".", "_" and "-"');
}

function notAName(word: string, name: string, what: string, strange: RegExp, characters: string): Error {
  const at = strange.exec(name)?.index;
  if (at !== undefined) return misnamed(word, what, misspellingAt(name, at, 'identity'));
  return invalid(`"${word}" is not a valid ${what}: use ${characters}, or a regular expression /.../`);
}

function misnamed(word: string, what: string, { found, advice }: Misspelling): Error {
  return invalid(`"${word}" is not a valid ${what}: it contains "${found}"${advice && `: ${advice}`}`);
}

function trimmed(word: string, what: string): string {
  const text = word.trim();
  if (text === '') throw invalid(`the ${what} is empty`);
  return text;
}
