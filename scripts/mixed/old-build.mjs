import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { CommandFailed, run } from '../command.mjs';

/** The commit that stands for every installation of before: the last one of the first feedback round. */
export const OLD_COMMIT = '38e28fd7d4f1d15c99d9a1d8ce8a1f73438a34b9';

/** The history of this clone does not reach back to the commit; the message says what to do. */
export class HistoryMissing extends Error {
  name = 'HistoryMissing';
}

/** Where builds of earlier commits are kept: `troupe/builds` in the cache folder of the user. */
export function buildsFolder(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'troupe/builds');
}

/** Throws HistoryMissing if the clone at `root` does not have the commit, as a shallow one. */
export async function checkHistory(root, commit) {
  try {
    await run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new HistoryMissing(
      `the history of ${root} does not contain the commit ${commit.slice(0, 7)}: in a shallow clone run git fetch --unshallow`,
    );
  }
}

/**
 * Builds an earlier commit of the clone at `root` with the Node that runs this, and returns the folder of its files; a
 * build that exists is used again. Throws HistoryMissing, CommandFailed or Interrupted.
 */
export async function buildOf(root, commit, { folder = buildsFolder(), report = () => {} } = {}) {
  const built = join(folder, commit);
  if (existsSync(built)) return built;
  await checkHistory(root, commit);
  report(`building ${commit.slice(0, 7)} in ${built} …`);
  // Two runs may build at the same time, and one may be interrupted: only what is complete gets the name.
  const draft = `${built}.${process.pid}`;
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
  try {
    mkdirSync(draft, { recursive: true });
    const archive = join(draft, 'source.tar');
    await run('git', ['archive', '--format=tar', `--output=${archive}`, commit], { cwd: root });
    await run('tar', ['-xf', archive], { cwd: draft });
    rmSync(archive);
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['ci', '--ignore-scripts', '--include=dev', ...quiet], { cwd: draft, env });
    await run(process.execPath, ['node_modules/typescript/bin/tsc', '--build'], { cwd: draft, env });
    if (!existsSync(built)) renameSync(draft, built);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return built;
}
