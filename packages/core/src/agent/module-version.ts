import { existsSync, readdirSync, statSync } from 'node:fs';
import { register } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const mostFiles = 5000;
/** The address by which each module works, and the files that it was made of. */
const imported = new Map<string, { readonly stamp: string; readonly url: string }>();
let isHooked = false;
let version = 0;

/** By which address to import a module now, and by which one before that its files have changed since. */
export interface ModuleVersion {
  readonly url: string;
  readonly before: string | undefined;
  /** To be called when the module works: it is what a later version falls back to. */
  readonly accept: () => void;
}

/**
 * Finds the version of a module. Node keeps what it imported; so when a file of the module's package has changed
 * since the last time, the address has a new query, which the relative imports of the package inherit.
 */
export function moduleVersion(url: string): ModuleVersion {
  const stamp = stampOf(packageFolder(fileURLToPath(url)));
  const last = imported.get(url);
  if (last?.stamp === stamp) return { url: last.url, before: undefined, accept: () => {} };
  if (last && !isHooked) {
    register('./module-version-hooks.js', import.meta.url);
    isHooked = true;
  }
  version += 1;
  const next = last ? `${url}?troupe=${version}` : url;
  return { url: next, before: last?.url, accept: () => imported.set(url, { stamp, url: next }) };
}

function packageFolder(file: string): string {
  const own = dirname(file);
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return own;
  }
}

function stampOf(root: string): string {
  const folders = [root];
  const stamps: string[] = [];
  for (
    let folder = folders.pop();
    folder !== undefined && stamps.length < mostFiles;
    folder = folders.pop()
  ) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) folders.push(path);
      } else if (/\.(m?js|json)$/.test(entry.name)) {
        const { mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0 };
        stamps.push(`${path}:${size}:${mtimeMs}`);
      }
    }
  }
  return stamps.sort().join('\n');
}
