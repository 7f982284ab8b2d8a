import { existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The oldest Node that the programs run on: a major version. */
export const FLOOR = 24;

/**
 * The Node to run the clone at `root` with: the pinned one that npm installed, else `own` if it is new enough;
 * undefined if neither will do. Where npm has none for this platform, the machine's own must be new enough.
 */
export function runtimeOf(root, own = process) {
  const name = `node-${own.platform}-${own.arch}`;
  const pinned = join(root, 'node_modules', name, 'bin/node');
  if (!existsSync(pinned))
    return Number(own.versions.node.split('.', 1)[0]) >= FLOOR ? own.execPath : undefined;
  // Npm 9 takes this link, by which `npm run` and `npx` find it, away with the package for the other platform.
  const link = join(root, 'node_modules/.bin/node');
  if (!existsSync(link)) {
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join('..', name, 'bin/node'), link);
  }
  return realpathSync(pinned);
}
