import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The oldest Node that the programs run on: a major version. */
export const FLOOR = 24;

/**
 * The Node to run the clone at `root` with: the pinned one that npm installed, else `own` if it is new enough;
 * undefined if neither will do. Where npm has none for this platform, the machine's own must be new enough.
 */
export function runtimeOf(root, own = process) {
  const pinned = join(root, 'node_modules/.bin/node');
  if (existsSync(pinned)) return realpathSync(pinned);
  return Number(own.versions.node.split('.', 1)[0]) >= FLOOR ? own.execPath : undefined;
}
