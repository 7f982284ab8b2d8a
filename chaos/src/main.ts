import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '@troupe/core';
import { castOf } from './cast.js';
import type { InvariantResult } from './judge/invariant.js';
import { roundsOf } from './kill-loop/plan.js';
import { loopTables } from './kill-loop/report.js';
import { runKillLoop } from './kill-loop/run.js';
import { type Options, readOptions, usage } from './options.js';
import { tables } from './report.js';
import { type RunOptions, runChaos } from './run.js';
import { scheduleOf } from './schedule.js';

type Parts = Pick<RunOptions, 'folder' | 'say' | 'signal'>;
/** The result of a run: all evidence, and as text. */
type Done = { readonly outcome: { readonly findings: readonly InvariantResult[] }; readonly text: string };

async function runWanted({ wanted }: Options, parts: Parts): Promise<Done> {
  if (wanted.kind === 'loop') {
    const outcome = await runKillLoop({ ...wanted, ...parts });
    return { outcome, text: loopTables(outcome) };
  }
  const outcome = await runChaos({ ...wanted.size, ...parts });
  return { outcome, text: tables(outcome) };
}

function planOf({ wanted }: Options): object {
  if (wanted.kind === 'loop') return { rounds: roundsOf(wanted.seed, wanted.rounds) };
  return { faults: scheduleOf(wanted.size), nodes: castOf(wanted.size) };
}

/** The folder of a run; `remove` does nothing if the user chose it. */
async function folderOf(
  named: string | undefined,
): Promise<{ path: string; remove: () => Promise<void> } | undefined> {
  if (named === undefined) {
    const path = await mkdtemp(join(await realpath(tmpdir()), 'troupe-chaos-'));
    return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
  }
  const path = resolve(named);
  await mkdir(path, { recursive: true, mode: 0o711 });
  return (await readdir(path)).length > 0 ? undefined : { path, remove: async () => {} };
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`chaos: ${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (options.plan) {
    process.stdout.write(`${JSON.stringify(planOf(options), null, 2)}\n`);
    return 0;
  }
  const folder = await folderOf(options.folder);
  if (!folder) {
    process.stderr.write(`chaos: the folder ${options.folder} is not empty: choose another folder\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const say = (line: string) => process.stderr.write(`${line}\n`);
  let isEvidence = false;
  try {
    const { outcome, text } = await runWanted(options, { folder: folder.path, say, signal: stop.signal });
    process.stdout.write(options.json ? `${JSON.stringify(outcome, null, 2)}\n` : text);
    isEvidence = outcome.findings.some(({ violations }) => violations.length > 0);
    return isEvidence ? 1 : 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return 130;
  } finally {
    if (isEvidence) say(`disks, logs and CAs are kept in ${folder.path}`);
    else await folder.remove();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`chaos: ${messageOf(error)}\n`);
    process.exit(1);
  },
);
