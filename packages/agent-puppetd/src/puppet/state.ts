import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '@troupe/core/durable-file';
import { createFile, readIfPresent } from './file.js';
import { isPuppet } from './is-puppet.js';
import { isHealthy, type LastOutcome, type LastRun, readLastRun } from './last-run.js';
import type { PuppetSettings } from './setting-names.js';

/** What Puppet is doing on this host, by MCollective's names. */
export interface PuppetStatus {
  /** Whether a catalog is being applied now. */
  readonly applying: boolean;
  readonly enabled: boolean;
  /** Reason why Puppet is disabled; empty if it is not disabled or no reason was given. */
  readonly disable_message: string;
  readonly daemon_present: boolean;
  /** Whether Puppet's daemon runs and waits. */
  readonly idling: boolean;
  /** Seconds since 1970; 0 where Puppet never ran, null where its files do not tell. */
  readonly lastrun: number | null;
  /** Seconds; null where Puppet never ran, or its files do not tell. */
  readonly since_lastrun: number | null;
  /** When the last run began: seconds since 1970; 0 where Puppet never ran. */
  readonly lastrun_began: number;
  readonly lastrun_outcome: LastOutcome;
  /** The configured Puppet server. */
  readonly server: string;
  readonly status: 'applying a catalog' | 'disabled' | 'idling' | 'stopped';
  /** One line for people. */
  readonly message: string;
}

/** Reads the state from Puppet's own files; no Ruby is started. */
export async function readStatus(settings: PuppetSettings, now = Date.now()): Promise<PuppetStatus> {
  const disabled = await readDisabledLock(settings.agent_disabled_lockfile);
  const applying = await isApplying(settings);
  const daemon_present = await holdsLiving(settings.pidfile);
  const last = await readLastRun(settings);
  const since_lastrun = last.ended ? Math.max(0, Math.floor(now / 1000) - last.ended) : null;
  const enabled = disabled === undefined;
  const idling = daemon_present && !applying;
  const status = applying ? 'applying a catalog' : !enabled ? 'disabled' : idling ? 'idling' : 'stopped';
  return {
    applying,
    enabled,
    disable_message: disabled ?? '',
    daemon_present,
    idling,
    lastrun: last.ended,
    since_lastrun,
    lastrun_began: last.began,
    lastrun_outcome: last.outcome,
    server: settings.server,
    status,
    message: `${applying && !enabled ? `${status}, disabled` : status}; ${describe(last, since_lastrun)}`,
  };
}

/** Whether a catalog is being applied; a lock whose process has died or is no Puppet does not count. */
export function isApplying(settings: PuppetSettings): Promise<boolean> {
  return holdsLiving(settings.agent_catalog_run_lockfile);
}

/** The reason in the lock file that disables Puppet, maybe empty, or nothing where there is no such file. */
export async function readDisabledLock(path: string): Promise<string | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return;
  try {
    const { disabled_message: message } = JSON.parse(text) as { disabled_message?: unknown };
    return typeof message === 'string' ? message : '';
  } catch {
    return ''; // An empty file disables as well.
  }
}

/** Disables Puppet; false, and nothing changed, where it already was: the first message stands. */
export async function disable(settings: PuppetSettings, message: string): Promise<boolean> {
  const path = settings.agent_disabled_lockfile;
  await makeFolder(dirname(path), 0o750);
  return createFile(path, JSON.stringify({ disabled_message: message }), 0o644);
}

/** Enables Puppet; false where it already was. */
export async function enable(settings: PuppetSettings): Promise<boolean> {
  const path = settings.agent_disabled_lockfile;
  const wasDisabled = (await readDisabledLock(path)) !== undefined;
  await rm(path, { force: true });
  return wasDisabled;
}

const faults: Partial<Record<LastOutcome, string>> = {
  'failed-resources': 'resources failed',
  'no-catalog': 'no catalog from the server',
  incomplete: 'the catalog was not applied to its end',
  failed: 'see its report',
};

function describe({ outcome, fault }: LastRun, since: number | null): string {
  if (outcome === 'never') return 'has never run';
  const how = isHealthy(outcome) || outcome === 'unknown' ? undefined : `: ${faults[outcome]}`;
  if (since === null)
    return `${how ? `last run failed${how}; ` : ''}${fault ?? 'end of the last run unknown'}`;
  return how ? `last run failed ${ago(since)} ago${how}` : `last run ended ${ago(since)} ago`;
}

/** The process that Puppet's daemon runs in, or nothing where none does. */
export async function daemonPid(settings: PuppetSettings): Promise<number | undefined> {
  const pid = await pidIn(settings.pidfile);
  return pid !== undefined && isPuppet(pid) ? pid : undefined;
}

async function holdsLiving(path: string): Promise<boolean> {
  const pid = await pidIn(path);
  return pid !== undefined && isPuppet(pid);
}

async function pidIn(path: string): Promise<number | undefined> {
  const text = await readIfPresent(path);
  return text !== undefined && /^\s*[1-9]\d{0,9}\s*$/.test(text) ? Number(text) : undefined;
}

function ago(seconds: number): string {
  if (seconds < 60) return count(seconds, 'second');
  if (seconds < 3600) return count(Math.floor(seconds / 60), 'minute');
  if (seconds < 172_800) return count(Math.floor(seconds / 3600), 'hour');
  return count(Math.floor(seconds / 86_400), 'day');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
