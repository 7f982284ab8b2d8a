import { run } from '../command.mjs';

/**
 * Has npm pack packages of the clone at `root` into the folder `target`, or only say what it would pack. Returns npm's
 * description of each: `name`, `filename`, `size`, and `files` with a `path` each.
 */
export async function pack(packages, { root, target }) {
  const workspaces = packages.map(({ folder }) => `--workspace=${folder}`);
  const place = target === undefined ? ['--dry-run'] : ['--pack-destination', target];
  return JSON.parse(
    await run('npm', ['pack', '--json', '--loglevel=error', ...place, ...workspaces], { cwd: root }),
  );
}
