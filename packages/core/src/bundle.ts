import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** A package of which files went into a bundle. */
export interface Origin {
  readonly name: string;
  readonly version: string;
  /** The package before it in the list that imports it; the first one holds the bundle itself. */
  readonly from?: number;
  /** Files of a package of ours that went in, by path in the package, each with its `digest`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a bundle was made of, as the build writes it beside the bundle. */
export interface Origins {
  readonly packages: readonly Origin[];
}

/**
 * The folders of the packages that a bundle was made of, by name, where these are what they were; nothing where one
 * has changed, so that a bundle never runs in the place of something newer. `folder` is that of the first package.
 */
export function freshFolders(origins: Origins, folder: string): ReadonlyMap<string, string> | undefined {
  const folders: string[] = [];
  const byName = new Map<string, string>();
  for (const { name, version, from, files } of origins.packages) {
    const found = from === undefined ? folder : findPackage(name, folders[from] ?? folder);
    if (found === undefined) return undefined;
    folders.push(found);
    if (!byName.has(name)) byName.set(name, found);
    const isInWork = files !== undefined && !found.includes(`${sep}node_modules${sep}`);
    const isFresh = isInWork ? isSame(found, files) : versionIn(found) === version;
    if (!isFresh) return undefined;
  }
  return byName;
}

/** Reads what a bundle was made of; nothing where no build has written it. */
export function readOrigins<T = Origins>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return realpathSync(place);
    if (folder === dirname(folder)) return undefined;
  }
}

// By content: a copied tree has other file times.
function isSame(folder: string, files: Readonly<Record<string, string>>): boolean {
  return Object.entries(files).every(([file, expected]) => {
    const path = join(folder, file);
    return existsSync(path) && digest(readFileSync(path)) === expected;
  });
}

/** SHA-256 of a file's content, as `Origin.files` holds it. */
export function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url');
}

function versionIn(folder: string): unknown {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown }).version;
}
