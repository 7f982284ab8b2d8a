import { existsSync, readdirSync, statSync } from 'node:fs';
import { type ResolveHookSync, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const mostFiles = 5000;
interface Version {
  /** The files that it was made of. */
  readonly stamp: string;
  readonly url: string;
}

/** The version by which each module works. */
// no peer fills this: it holds the agents of the configuration
const working = new Map<string, Version>();
/** The version of each module that was imported last, whether it works or not: Node keeps failures, too. */
// no peer fills this: it holds the agents of the configuration
const tried = new Map<string, Version>();
/** How many times a module had changed: each has a number of its own. */
let changes = 0;

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
  const file = fileURLToPath(url);
  const stamp = stampOf(packageFolder(file) ?? dirname(file));
  const last = working.get(url);
  if (last?.stamp === stamp) return { url: last.url, before: undefined, accept: () => {} };
  const now = { stamp, url: addressOf(url, stamp) };
  tried.set(url, now);
  return { url: now.url, before: last?.url, accept: () => working.set(url, now) };
}

// The plain one the first time, and a new one whenever the files are others than the last time.
function addressOf(url: string, stamp: string): string {
  const attempt = tried.get(url);
  if (attempt === undefined) return url;
  if (attempt.stamp === stamp) return attempt.url;
  if (changes === 0) registerHooks({ resolve: inheritVersion });
  changes += 1;
  return `${url}?troupe=${changes}`;
}

/** Hands the query of a module's new version on to what it imports from its own package. */
export const inheritVersion: ResolveHookSync = (specifier, context, nextResolve) => {
  const resolved = nextResolve(specifier, context);
  const version = context.parentURL?.startsWith('file:')
    ? new URL(context.parentURL).searchParams.get('troupe')
    : null;
  const isOwn = /^(\.\.?\/|#)/.test(specifier) && resolved.url.startsWith('file:');
  if (version === null || !isOwn || resolved.url.includes('/node_modules/')) return resolved;
  const url = new URL(resolved.url);
  url.searchParams.set('troupe', version);
  return { ...resolved, url: url.href };
};

/** The folder of the package that a file belongs to, if it belongs to one. */
export function packageFolder(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return undefined;
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
