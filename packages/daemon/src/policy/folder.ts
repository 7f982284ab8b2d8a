import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { isName, messageOf, TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { Misnamed } from './misnamed.js';

/** The policy that decides about agents without one. */
export const defaultPolicy = 'default.policy';
/** The file with the groups of callers. */
export const groupsFile = 'groups';

const suffix = '.policy';
const mostBytes = 1024 * 1024;

/** The files of a policy folder, sorted into those that are read and those that only look like it. */
export interface FolderFiles {
  /** `AGENT.policy` and `default.policy`, by name. */
  readonly policies: ReadonlySet<string>;
  readonly hasGroups: boolean;
  /** Files that are not read, by the name that each was probably meant to have. */
  readonly lookalikes: ReadonlyMap<string, string>;
  /** The other files, hidden ones left out. */
  readonly others: readonly string[];
}

/** Milliseconds after a change of a folder in which another one may have the same time: file systems count in steps. */
const unsettled = 2000;

/** The files of a folder, listed again when it has changed. */
export class FolderList {
  readonly #folder: string;
  #known: { readonly stamp: string; readonly files: FolderFiles } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws POLICY_INVALID if it cannot be read or if all users can write it. */
  read(): FolderFiles {
    const { ctimeMs, mtimeMs, ino } = checkFolder(this.#folder);
    const stamp = `${ctimeMs} ${mtimeMs} ${ino}`;
    if (this.#known?.stamp === stamp) return this.#known.files;
    const files = filesIn(this.#folder);
    this.#known = Date.now() - Math.max(ctimeMs, mtimeMs) > unsettled ? { stamp, files } : undefined;
    return files;
  }
}

/** Lists a folder of policies. Throws POLICY_INVALID if it cannot be read or if all users can write it. */
export function listFolder(folder: string): FolderFiles {
  checkFolder(folder);
  return filesIn(folder);
}

function filesIn(folder: string): FolderFiles {
  const policies = new Set<string>();
  const lookalikes = new Map<string, string>();
  const others: string[] = [];
  let hasGroups = false;
  for (const name of namesIn(folder)) {
    const meant = meantName(name);
    if (name === groupsFile) hasGroups = true;
    else if (meant === name) policies.add(name);
    else if (meant !== undefined) lookalikes.set(name, meant);
    else if (!name.startsWith('.')) others.push(name);
  }
  return { policies, hasGroups, lookalikes, others };
}

/**
 * Throws POLICY_INVALID if one of the files that decide a call exists only under a name that is not read: what it
 * denies must not be allowed because of its name.
 */
export function refuseMisnamed(folder: string, files: FolderFiles, needed: readonly string[]): void {
  for (const [name, meant] of files.lookalikes)
    if (needed.includes(meant) && !hasFile(files, meant)) throw new Misnamed(folder, name, meant);
}

function hasFile({ policies, hasGroups }: FolderFiles, name: string): boolean {
  return name === groupsFile ? hasGroups : policies.has(name);
}

/** The files of a folder that are not read although they look like policies: errors if nothing stands in for them. */
export function misnamedIn(
  folder: string,
  files: FolderFiles,
  { takesDefault }: { readonly takesDefault: boolean },
): {
  readonly errors: readonly string[];
  readonly unread: readonly string[];
  readonly ignored: readonly string[];
} {
  const errors: string[] = [];
  const unread: string[] = [];
  const ignored: string[] = [];
  for (const [name, meant] of files.lookalikes) {
    const file = join(folder, name);
    if (meant === defaultPolicy && !takesDefault) unread.push(`${file} looks like a policy, but is not read`);
    else if (hasFile(files, meant))
      unread.push(
        `${file} looks like a policy, but is not read: ${meant} is used instead; delete ${file} or move it out of the folder`,
      );
    else errors.push(messageOf(new Misnamed(folder, name, meant)));
  }
  for (const name of files.others) {
    const file = join(folder, name);
    if (hasPolicyLines(file))
      unread.push(`${file} looks like a policy, but is not read: the name of a policy must be AGENT.policy`);
    else ignored.push(`${file}: ignored: it is neither AGENT.policy nor groups`);
  }
  return { errors, unread, ignored };
}

/** The name under which a file would be read; undefined if it does not look like a policy. */
export function meantName(name: string): string | undefined {
  if (name === groupsFile) return name;
  const lower = name.toLowerCase();
  if (lower.startsWith('.')) return undefined;
  // What package managers, editors and people put around a name: probe.policy.rpmsave, #probe.policy#, probe.policy~.
  const [, agent] = /^[^a-z0-9]*([a-z0-9][a-z0-9_-]*)\.pol/.exec(lower) ?? [];
  if (agent !== undefined && isName(agent)) return `${agent}${suffix}`;
  if (/^[^a-z0-9]*default(?![a-z0-9])/.test(lower)) return defaultPolicy;
  return /^[^a-z0-9]*groups?(?![a-z0-9])/.test(lower) ? groupsFile : undefined;
}

function checkFolder(folder: string): Stats {
  try {
    const stat = statSync(folder);
    if (!stat.isDirectory()) throw new Error('it is not a folder');
    if ((stat.mode & 0o1002) === 0o002) throw new Error(`it is world-writable: chmod o-w ${folder}`);
    return stat;
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

function hasPolicyLines(file: string): boolean {
  try {
    const text = readRegularFileSync(file, { most: mostBytes }).toString('utf8');
    return /^[ \t]*(?:policy[ \t]+default|(?:allow|deny)[ \t])/m.test(text);
  } catch {
    // A folder, or a file that is too large to be a policy.
    return false;
  }
}

/** A file or folder that cannot be used as a policy. */
export function unreadable(file: string, cause: unknown): TroupeError {
  return new TroupeError('POLICY_INVALID', `cannot use ${file}: ${systemReasonOf(cause)}`, { cause });
}
