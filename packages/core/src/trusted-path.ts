import { existsSync, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupName, isPrivateGroup, userName } from './accounts.js';
import { isErrno } from './durable-file.js';
import { TroupeError } from './errors.js';
import { isOwnStream } from './regular-file.js';

/** A file, a folder or a link on the way to a file. */
export interface PathEntry {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** Whose files a process may trust. */
export interface Trust {
  readonly uids: readonly number[];
  readonly hasGroup: (gid: number) => boolean;
  /** True for the files of another machine, whose users have other names. */
  readonly isRemote?: boolean;
}

/**
 * The variable that makes a program accept files that others can write, for those who must: `allow`. It is not a setting of
 * a configuration file, as that is one of the files.
 */
export const unsafeFilesVariable = 'TROUPE_UNSAFE_FILES';

/** Whether the environment says that files are accepted that others can write. */
export function allowsUnsafeFiles(): boolean {
  return process.env[unsafeFilesVariable] === 'allow';
}

/**
 * Who else can write a file or replace it, in words with the command that changes it: another user, or a group, that may
 * write the file, a folder above it, or a link on the way. Nothing if nobody can, or if there is no file. As root, that
 * is everybody but root; otherwise everybody but root and the user of this process.
 */
export function pathFault(file: string, trust: Trust = ownTrust()): string | undefined {
  if (process.getuid === undefined || isOwnStream(file)) return undefined;
  const path = isAbsolute(file) ? file : join(process.cwd(), file);
  const { entries, isWhole } = entriesOf(path, lookHere);
  return entriesFault(entries, trust, { isWhole });
}

/** As {@link pathFault}, for the code in a folder: JavaScript, JSON and compiled modules, beside `node_modules`. */
export function codeFault(folder: string, trust: Trust = ownTrust()): string | undefined {
  const seen = new Set<string>();
  for (const file of codeIn(folder)) {
    const own = dirname(file);
    const fault = (seen.has(own) ? undefined : pathFault(own, trust)) ?? entryFaultAt(file, trust);
    if (fault !== undefined) return fault;
    seen.add(own);
  }
  return undefined;
}

function entryFaultAt(file: string, trust: Trust): string | undefined {
  const entry = entryAt(file);
  if (entry?.kind === 'link') return pathFault(file, trust);
  return entry && entryFault(entry, trust);
}

const mostEntries = 20_000;

function* codeIn(root: string): Generator<string> {
  const folders = [root];
  let left = mostEntries;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      left -= 1;
      if (left < 0) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) folders.push(path);
      } else if (/\.([cm]?js|json|node)$/.test(entry.name)) yield path;
    }
  }
}

/** As {@link pathFault}; nothing if the environment accepts files that others can write. */
export function unsafeFault(file: string): string | undefined {
  return allowsUnsafeFiles() ? undefined : pathFault(file);
}

/** Throws FILE_UNSAFE if others can write a file; `what` names it, such as a key of the configuration. */
export function checkTrusted(file: string, what: string): void {
  const fault = unsafeFault(file);
  if (fault !== undefined) throw new TroupeError('FILE_UNSAFE', `${what}: ${fault}`);
}

/** The same if this process is root, for what a user other than root may execute with rights of its own. */
export function checkTrustedAsRoot(file: string, what: string): void {
  if (process.geteuid?.() === 0) checkTrusted(file, what);
}

/** The file of a program, as the system looks for it in `PATH`. */
export function programFile(program: string): string {
  if (program.includes('/')) return program;
  const folders = (process.env.PATH ?? '/usr/bin:/bin').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file)) ?? program;
}

/**
 * Who can write the last of these entries or replace one of them; each is in the folder before it, or where the link
 * before it leads. With `isWhole` false, nothing exists after the last.
 */
export function entriesFault(
  entries: readonly PathEntry[],
  trust: Trust,
  { isWhole = true } = {},
): string | undefined {
  for (const [index, entry] of entries.entries()) {
    const below = entries[index + 1];
    const isSticky = entry.kind === 'folder' && (entry.mode & 0o1000) !== 0 && trust.uids.includes(entry.uid);
    // In a sticky folder, only the owner of an entry can replace it.
    const fault =
      isSticky && (below || !isWhole) ? below && linkFault(below, trust) : entryFault(entry, trust);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function linkFault({ kind, path, uid }: PathEntry, trust: Trust): string | undefined {
  if (kind !== 'link' || trust.uids.includes(uid)) return undefined;
  return `the link ${path} belongs to ${user(uid, trust)}, who can replace it: chown -h ${trusted(trust)} ${quoted(path)}`;
}

// What a link leads to is decided by the folder that it is in; a device cannot be replaced by what is written to it.
function entryFault({ path, mode, uid, gid, kind }: PathEntry, trust: Trust): string | undefined {
  if (kind === 'link' || kind === 'other') return undefined;
  const isForeign = !trust.uids.includes(uid);
  const isOpen = (mode & 0o002) !== 0;
  const isGroupOpen = (mode & 0o020) !== 0 && (isForeign || !trust.hasGroup(gid));
  if (!isForeign && !isOpen && !isGroupOpen) return undefined;
  const who = isOpen
    ? 'any user'
    : isForeign
      ? `the user ${user(uid, trust)}`
      : `the group ${group(gid, trust)}`;
  const state = `mode ${octal(mode)}, owner ${user(uid, trust)}:${group(gid, trust)}`;
  const letters = `${isGroupOpen ? 'g' : ''}${isOpen ? 'o' : ''}`;
  const commands = [
    ...(isForeign ? [`chown ${trusted(trust)}: ${quoted(path)}`] : []),
    ...(letters === '' ? [] : [`chmod ${letters}-w ${quoted(path)}`]),
  ];
  return `${who} can write ${path} (${state}): ${commands.join(' && ')}`;
}

function trusted(trust: Trust): string {
  return user(trust.uids[0] ?? 0, trust);
}

function user(uid: number, { isRemote = false }: Trust): string {
  return isRemote && uid !== 0 ? `${uid}` : userName(uid);
}

function group(gid: number, { isRemote = false }: Trust): string {
  return isRemote && gid !== 0 ? `${gid}` : groupName(gid);
}

/** What this process may trust: who owns its own program can do what it does anyway. */
export function ownTrust(): Trust {
  const uid = process.geteuid?.() ?? 0;
  const program = lstatSync(fileURLToPath(import.meta.url));
  const programGroup = (program.mode & 0o020) === 0 ? undefined : program.gid;
  return {
    uids: [...new Set([uid, 0, program.uid])],
    hasGroup: (gid) => gid === 0 || gid === programGroup || (uid !== 0 && isPrivateGroup(gid, uid)),
  };
}

/** Links that may follow one another, as for Linux. */
const mostLinks = 40;

/** What is at a path, with the target if it is a link; nothing if nothing is. */
export type Look = (path: string) => (PathEntry & { readonly target?: string }) | undefined;

/** What a path leads over, from the root on and through links, as far as it exists. */
export function entriesOf(
  path: string,
  look: Look,
): { readonly entries: readonly PathEntry[]; readonly isWhole: boolean } {
  const entries: PathEntry[] = [];
  let folder = '/';
  let left = path.split('/');
  for (let links = 0; left.length > 0 && links <= mostLinks; ) {
    const [name = '', ...rest] = left;
    left = rest;
    if (name === '..') folder = dirname(folder);
    if (name === '..' || name === '.' || (name === '' && entries.length > 0)) continue;
    const entry = look(join(folder, name));
    if (!entry) return { entries, isWhole: false };
    entries.push(entry);
    const { target } = entry;
    if (target === undefined) folder = entry.path;
    else {
      links += 1;
      if (target.startsWith('/')) folder = '/';
      left = [...target.split('/').filter((part) => part !== ''), ...left];
    }
  }
  return { entries, isWhole: true };
}

function lookHere(path: string): ReturnType<Look> {
  const entry = entryAt(path);
  return entry?.kind === 'link' ? { ...entry, target: readlinkSync(path) } : entry;
}

function entryAt(path: string): PathEntry | undefined {
  try {
    const status = lstatSync(path);
    return { path, mode: status.mode & 0o7777, uid: status.uid, gid: status.gid, kind: kindOf(status) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return undefined;
    throw error;
  }
}

function kindOf(status: Stats): PathEntry['kind'] {
  if (status.isSymbolicLink()) return 'link';
  if (status.isDirectory()) return 'folder';
  return status.isFile() ? 'file' : 'other';
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
