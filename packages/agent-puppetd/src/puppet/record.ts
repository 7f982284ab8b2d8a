import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TroupeError } from '@troupe/core';
import { isErrno, makeFolder, replaceFile } from '@troupe/core/durable-file';
import type { ProcessIdentity } from '@troupe/host';
import { readIfPresent } from './file.js';
import { isRunId } from './request.js';
import type { PuppetVerdict } from './verdict.js';

/** A run of Puppet as it is written down, so that whoever comes later can follow and judge it. */
export interface RunRecord {
  readonly id: string;
  /** The shell that watches Puppet; it leads the process group of the run. */
  readonly process: ProcessIdentity;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The environment that was asked for. */
  readonly environment: string | null;
  /** The command with its arguments. */
  readonly command: readonly string[];
  /** The folder that holds everything of this run. */
  readonly folder: string;
  /** Where Puppet keeps the message of its lock that disables it. */
  readonly disabledLockfile: string;
}

/** The files of a run. */
export const runFiles = {
  record: 'run.json',
  output: 'output',
  exitCode: 'exit',
  reportHead: 'report.head',
  reportTail: 'report.tail',
  reportErrors: 'report.errors',
  summary: 'summary',
  aborted: 'aborted',
  verdict: 'verdict.json',
} as const;

/** Where the runs of one agent are written down: a folder each, named by the run's id. */
export function runsFolder(stateDir: string): string {
  return join(stateDir, 'runs');
}

/** Makes the folder of a run; false where there is one: the run was started before. */
export async function claimRun(stateDir: string, id: string): Promise<boolean> {
  await makeFolder(runsFolder(stateDir), 0o700);
  try {
    // Puppet prints what it changes in files, which may be secret.
    await mkdir(join(runsFolder(stateDir), id), { mode: 0o700 });
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

export function writeRecord(record: RunRecord): Promise<void> {
  return replaceFile(join(record.folder, runFiles.record), JSON.stringify(record), { mode: 0o600 });
}

/** The record of a run, or nothing where there is none; throws FILE_UNREADABLE where it does not parse. */
export async function readRecord(stateDir: string, id: string): Promise<RunRecord | undefined> {
  if (!isRunId(id)) return;
  const folder = join(runsFolder(stateDir), id);
  const record = await readJson<RunRecord>(join(folder, runFiles.record));
  return record && { ...record, folder };
}

/** All records, the newest first. */
export async function listRecords(stateDir: string): Promise<RunRecord[]> {
  const names = await readdir(runsFolder(stateDir)).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const records = await Promise.all(names.map((name) => readRecord(stateDir, name)));
  return records
    .filter((record): record is RunRecord => record !== undefined)
    .sort((a, b) => b.startedAt - a.startedAt);
}

/** The verdict on a run, once somebody has judged it. */
export async function readVerdict(record: RunRecord): Promise<PuppetVerdict | undefined> {
  const verdict = await readJson<PuppetVerdict>(join(record.folder, runFiles.verdict));
  // Earlier versions did not write which resources failed.
  return verdict && { ...verdict, failedResources: verdict.failedResources ?? [] };
}

export function writeVerdict(record: RunRecord, verdict: PuppetVerdict): Promise<void> {
  return replaceFile(join(record.folder, runFiles.verdict), JSON.stringify(verdict), { mode: 0o600 });
}

/** Removes the oldest runs that are judged, so that `keep` of these are left. */
export async function pruneRuns(stateDir: string, keep: number): Promise<void> {
  const judged: RunRecord[] = [];
  for (const record of await listRecords(stateDir)) {
    if (await readVerdict(record)) judged.push(record);
  }
  for (const { folder } of judged.slice(keep)) await rm(folder, { recursive: true, force: true });
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `Cannot parse ${path}: invalid JSON; to delete the record of this run, remove the folder`,
      {
        cause: error,
      },
    );
  }
}
