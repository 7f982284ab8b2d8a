import { TroupeError } from '@troupe/core';
import { nameFault } from './caller-name.js';
import type { Groups } from './policy.js';

/** Reads a groups file: a group's name and its callers on each line. Throws POLICY_INVALID with file and line. */
export function parseGroups(text: string, file: string): Groups {
  const groups = new Map<string, readonly string[]>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/);
    const [name = '', ...callers] = words;
    if (name === '' || name.startsWith('#')) continue;
    const invalid = (message: string) =>
      new TroupeError('POLICY_INVALID', `${file}:${index + 1}: ${message}`);
    if (!/^[\w.-]+$/.test(name))
      throw invalid(`"${name}" is not a valid group name: use letters, digits, "_", "." and "-"`);
    if (groups.has(name)) throw invalid(`the group "${name}" is already defined`);
    if (callers.length === 0) throw invalid(`the group "${name}" has no callers`);
    groups.set(
      name,
      callers.map((caller) => callerName(caller, invalid)),
    );
  }
  for (const [name, callers] of groups) {
    const nested = callers.find((caller) => groups.has(caller));
    if (nested !== undefined)
      throw new TroupeError(
        'POLICY_INVALID',
        `${file}: the group "${name}" contains the group "${nested}": a group can contain only callers`,
      );
  }
  return groups;
}

/** The callers of groups that can never call, as `FILE:LINE: …`; the text was read with {@link parseGroups}. */
export function groupWarnings(text: string, file: string, callers: RegExp | undefined): readonly string[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [name = '', ...words] = line.trim().split(/\s+/);
    if (name === '' || name.startsWith('#')) return [];
    return words.flatMap((word) => {
      const fault = nameFault(word.replace(/^\w+=/, ''), callers);
      return fault === undefined ? [] : [`${file}:${index + 1}: ${fault}`];
    });
  });
}

/** A caller as policies write it: its name, or MCollective's `choria=NAME` and `cert=NAME`. */
export function callerName(word: string, invalid: (message: string) => TroupeError): string {
  const [, kind, name = word] = /^(\w+)=(.*)$/.exec(word) ?? [];
  if (kind !== undefined && kind !== 'choria' && kind !== 'cert') {
    throw invalid(
      `"${word}" can never match, because callers are identified by their certificates: write the certificate's name`,
    );
  }
  if (!/^[\w.-]+$/.test(name))
    throw invalid(
      `"${word}" is not a valid caller name: use letters, digits, "_", "." and "-", with a blank between two names`,
    );
  return name;
}
