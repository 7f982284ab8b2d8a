// node scripts/stale.mjs: for what runs compiled tests without scripts/test.mjs.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noArguments } from './command-line.mjs';

// What tsc writes into `dist`.
const COMPILED = ['src', 'test'];

/**
 * Removes what was compiled from sources that are gone: tsc leaves it, and a test that was deleted or renamed
 * would run for ever. `folder` is the clone; returns the files removed.
 */
export function removeStale(folder) {
  const packages = readdirSync(join(folder, 'packages')).map((name) => join('packages', name));
  const removed = [];
  for (const place of [...packages, 'demo', 'chaos'].map((name) => join(folder, name))) {
    for (const part of COMPILED) {
      const compiled = join(place, 'dist', part);
      if (!existsSync(compiled)) continue;
      for (const path of readdirSync(compiled, { recursive: true })) {
        const source = path.replace(/(?:\.d)?\.([cm]?)[jt]s(?:\.map)?$/, '.$1ts');
        if (source === path || existsSync(join(place, part, source))) continue;
        rmSync(join(compiled, path));
        removed.push(join(compiled, path));
      }
    }
  }
  return removed;
}

const own = fileURLToPath(import.meta.url);
if (process.argv[1] && resolve(process.argv[1]) === own) {
  noArguments(
    'stale',
    'Usage: node scripts/stale.mjs\n\nRemoves compiled files whose sources no longer exist.',
  );
  for (const file of removeStale(resolve(own, '../..')))
    console.log(`removed, because its source no longer exists: ${file}`);
}
