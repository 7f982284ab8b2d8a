import { stat } from 'node:fs/promises';
import { TroupeError } from '@troupe/core';
import { isErrno } from '@troupe/core/durable-file';
import { readIfPresent } from './file.js';
import type { PuppetSettings } from './setting-names.js';
import { isRecord, parseYaml } from './yaml.js';

const countNames = [
  'total',
  'changed',
  'corrective_change',
  'failed',
  'failed_to_restart',
  'out_of_sync',
  'restarted',
  'scheduled',
  'skipped',
] as const;

/** How many resources there were of each kind, by Puppet's own names. */
export type ResourceCounts = Readonly<Record<(typeof countNames)[number], number>>;

/** Puppet's `last_run_summary.yaml`. */
export interface RunSummary {
  readonly resources: ResourceCounts;
  /** Seconds by phase and by type of resource, and `last_run` in seconds since 1970. */
  readonly times: Readonly<Record<string, number>>;
  readonly configVersion: string | null;
  readonly puppetVersion: string | null;
  /** The whole document as Puppet wrote it. */
  readonly document: Readonly<Record<string, unknown>>;
}

const maxBytes = 1024 * 1024;

/** The summary of the last run, or nothing where Puppet never ran here. */
export async function readSummary(settings: PuppetSettings): Promise<RunSummary | undefined> {
  const path = settings.lastrunfile;
  const found = await stat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  });
  if (!found) return;
  if (found.size > maxBytes) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `Cannot read the run summary ${path}: ${found.size} bytes is more than the limit of ${maxBytes} bytes`,
    );
  }
  const text = await readIfPresent(path);
  if (text === undefined) return;
  const summary = parseSummary(text);
  if (summary) return summary;
  const reason = text.trim() === '' ? 'it is empty' : 'it is not a last_run_summary.yaml of Puppet';
  throw new TroupeError('FILE_UNREADABLE', `Cannot read the run summary ${path}: ${reason}`);
}

/** A summary from its text, or nothing where the text is none. */
export function parseSummary(text: string): RunSummary | undefined {
  const document = parseYaml(text);
  if (!isRecord(document) || !isRecord(document.time)) return;
  const version = recordOf(document.version);
  return {
    resources: countsOf(recordOf(document.resources)),
    times: numbersOf(recordOf(document.time)),
    configVersion: textOf(version.config),
    puppetVersion: textOf(version.puppet),
    document,
  };
}

/** How many resources of each type Puppet manages here, such as `{ File: 12 }`. */
export async function readTypeDistribution(settings: PuppetSettings): Promise<Record<string, number>> {
  const text = (await readIfPresent(settings.resourcefile)) ?? '';
  const counts: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const type = /^([a-z0-9_:]+)\[/i.exec(line)?.[1];
    if (type === undefined) continue;
    const name = type.split('::').map(capitalized).join('::');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Whether Puppet manages a resource here, given as `Type[title]`. */
export async function readIsManaged(settings: PuppetSettings, reference: string): Promise<boolean> {
  const lines = (await readIfPresent(settings.resourcefile))?.split('\n') ?? [];
  // Puppet writes type and title in lower case.
  return lines.includes(reference.toLowerCase());
}

function countsOf(resources: Readonly<Record<string, unknown>>): ResourceCounts {
  const numbers = numbersOf(resources);
  return Object.fromEntries(countNames.map((name) => [name, numbers[name] ?? 0])) as ResourceCounts;
}

function numbersOf(record: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined || value === '' ? null : String(value);
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}
