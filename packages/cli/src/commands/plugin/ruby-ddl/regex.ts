import { messageOf } from '@troupe/core';
import { anchors, compileRegex, isValidatorName } from '@troupe/core/internal';
import { RubyFault } from './fault.js';

const replaced: Readonly<Record<string, string>> = {
  '\\A': '^',
  '\\z': '$',
  '\\Z': '$',
  '\\h': '[0-9a-fA-F]',
  '\\H': '[^0-9a-fA-F]',
  '(?<': '(?P<',
};

/** A Ruby regular expression in RE2's syntax, and what its author should know. Throws RubyFault. */
export function importRegex(
  source: string,
  flags: string,
  line: number,
): { readonly pattern: string; readonly note?: string } {
  const unknown = /[^imu]/.exec(flags);
  if (unknown) throw new RubyFault(line, `the regular expression flag ${unknown[0]} is not supported`);
  let inClass = false;
  const translated = source.replaceAll(/\\[\s\S]|\[|\]|\(\?<(?![=!])/g, (piece) => {
    if (piece === '[') inClass = true;
    if (piece === ']') inClass = false;
    if (inClass && piece === '\\h') return '0-9a-fA-F';
    return inClass && piece !== '\\h' && piece.startsWith('\\') ? piece : (replaced[piece] ?? piece);
  });
  const prefix = `${flags.includes('i') ? 'i' : ''}${flags.includes('m') ? 's' : ''}`;
  let pattern = `${prefix && `(?${prefix})`}${translated}`;
  // A lower-case word would be read as the name of a validator.
  if (isValidatorName(pattern)) pattern = `(?:${pattern})`;
  try {
    compileRegex(pattern);
  } catch (cause) {
    throw new RubyFault(line, messageOf(cause), { cause });
  }
  const { start, end } = anchors(pattern);
  const isWhole = start || end || ['.', '.+', '.*', ''].includes(pattern);
  if (isWhole) return { pattern };
  return {
    pattern,
    note: `validation ${pattern} must match the whole value; in MCollective it matched any part of it`,
  };
}
