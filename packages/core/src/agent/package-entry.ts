import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Target = string | null | { readonly [condition: string]: Target };

/** What `import` looks at; `require` would find another file, or none. */
const conditions = ['node', 'import', 'module-sync', 'default'];

/**
 * The file that a package in one of these folders gives to `import`: by its `exports`, which Node resolves relative to
 * the importing file only. Nothing where it has no `exports` for it.
 */
export function importEntry(specifier: string, folders: readonly string[]): string | undefined {
  const [, name, rest = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const folder = folders
    .map((each) => join(each, name))
    .find((each) => existsSync(join(each, 'package.json')));
  if (folder === undefined) return undefined;
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports?: Target };
  const target = exports === undefined ? undefined : targetOf(exports, `.${rest}`);
  return target === undefined ? undefined : join(folder, target);
}

function targetOf(exports: Target, path: string): string | undefined {
  const isByPath =
    typeof exports === 'object' &&
    exports !== null &&
    Object.keys(exports).some((key) => key.startsWith('.'));
  if (isByPath) return chosen(exports[path]);
  return path === '.' ? chosen(exports) : undefined;
}

// The order of the package decides, as in Node.
function chosen(target: Target | undefined): string | undefined {
  if (typeof target === 'string') return target;
  for (const [condition, inner] of Object.entries(target ?? {})) {
    const found = conditions.includes(condition) ? chosen(inner) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
