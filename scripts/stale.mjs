import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes what was compiled from sources that are gone: tsc leaves it, and a test that was deleted or renamed
 * would run for ever. `folder` is the clone; returns the files removed.
 */
export function removeStale(folder) {
  const packages = readdirSync(join(folder, 'packages')).map((name) => join(folder, 'packages', name));
  const removed = [];
  for (const place of [...packages, join(folder, 'demo')]) {
    const dist = join(place, 'dist');
    if (!existsSync(dist)) continue;
    for (const path of readdirSync(dist, { recursive: true })) {
      const source = path.replace(/(\.js|\.js\.map|\.d\.ts)$/, '.ts');
      if (source === path || existsSync(join(place, source))) continue;
      rmSync(join(dist, path));
      removed.push(join(dist, path));
    }
  }
  return removed;
}
