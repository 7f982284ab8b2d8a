import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** A package of which files went into a bundle. */
export interface Origin {
  readonly name: string;
  readonly version: string;
  /** The package before it in the list that imports it; the first one holds the bundle itself. */
  readonly from?: number;
  /** What went in of a package of ours, by its path in the package. */
  readonly files?: readonly string[];
}

/** What a bundle was made of, as the build writes it beside the bundle. */
export interface Origins {
  /** Milliseconds since 1970: before the build read anything. */
  readonly since: number;
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
    const isFresh = isInWork ? isOlder(found, files, origins.since) : versionIn(found) === version;
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

function isOlder(folder: string, files: readonly string[], since: number): boolean {
  return files.every((file) => {
    const found = statSync(join(folder, file), { throwIfNoEntry: false });
    return found !== undefined && found.mtimeMs < since;
  });
}

function versionIn(folder: string): unknown {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown }).version;
}
