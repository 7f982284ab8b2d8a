import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createFile, readIfPresent } from './file.js';
import { isPuppet } from './is-puppet.js';
import { readReport } from './report.js';
import type { PuppetSettings } from './settings.js';
import { readSummary } from './summary.js';

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
  /** Seconds since 1970; 0 where Puppet never ran. */
  readonly lastrun: number;
  /** Seconds; null where Puppet never ran. */
  readonly since_lastrun: number | null;
  /** When the last run began: seconds since 1970; 0 where Puppet never ran. */
  readonly lastrun_began: number;
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
  const lastrun = await lastRun(settings);
  const since_lastrun = lastrun === 0 ? null : Math.max(0, Math.floor(now / 1000) - lastrun);
  const enabled = disabled === undefined;
  const idling = daemon_present && !applying;
  const status = applying ? 'applying a catalog' : !enabled ? 'disabled' : idling ? 'idling' : 'stopped';
  const last = since_lastrun === null ? 'has never run' : `last run ended ${ago(since_lastrun)} ago`;
  return {
    applying,
    enabled,
    disable_message: disabled ?? '',
    daemon_present,
    idling,
    lastrun,
    since_lastrun,
    lastrun_began: await lastBegan(settings),
    server: settings.server,
    status,
    message: `${applying && !enabled ? `${status}, disabled` : status}; ${last}`,
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
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  return createFile(path, JSON.stringify({ disabled_message: message }), 0o644);
}

/** Enables Puppet; false where it already was. */
export async function enable(settings: PuppetSettings): Promise<boolean> {
  const path = settings.agent_disabled_lockfile;
  const wasDisabled = (await readDisabledLock(path)) !== undefined;
  await rm(path, { force: true });
  return wasDisabled;
}

// A summary that cannot be read must not hide the rest of the state; reading it alone says what is wrong.
async function lastRun(settings: PuppetSettings): Promise<number> {
  const summary = await readSummary(settings).catch(() => undefined);
  return summary?.times.last_run ?? 0;
}

async function lastBegan(settings: PuppetSettings): Promise<number> {
  const report = await readReport(settings.lastrunreport).catch(() => undefined);
  return Math.floor((report?.time ?? 0) / 1000);
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
