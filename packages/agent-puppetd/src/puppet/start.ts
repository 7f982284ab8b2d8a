import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identify } from '@troupe/host';
import type { PuppetConfig } from './config.js';
import { isPresent } from './file.js';
import {
  claimRun,
  pruneRuns,
  type RunRecord,
  readRecord,
  runFiles,
  runsFolder,
  writeRecord,
} from './record.js';
import { type RunOptions, runArguments } from './request.js';
import { PuppetRun } from './run.js';
import type { PuppetSettings } from './setting-names.js';
import type { PuppetSystem, ReadyRun, RunPlan } from './system.js';

// Watches one run of Puppet and outlives whoever started it. It waits for the word "go", so that Puppet never
// runs without a record. What Puppet wrote of the run is copied at once, before another run replaces it. The
// exit code appears last and whole. All that varies comes as arguments, nothing as text of the script.
const watcher = `
folder=$1 report=$2 summary=$3
shift 3
umask 022
trap : HUP INT TERM
code=125
if read -r word && [ "$word" = go ]; then
  "$@" </dev/null
  code=$?
  head -c 8192 "$report" >"$folder/${runFiles.reportHead}" 2>/dev/null
  tail -c 8192 "$report" >"$folder/${runFiles.reportTail}" 2>/dev/null
  awk '/^logs:/ { on = 1; next } on && /^[a-z_]+:/ { exit } on && /^- / { keep = /^- level: .*err/ } on && keep' "$report" \
    2>/dev/null | head -c 65536 >"$folder/${runFiles.reportErrors}"
  head -c 65536 "$summary" >"$folder/${runFiles.summary}" 2>/dev/null
fi
printf '%s' "$code" >"$folder/${runFiles.exitCode}.tmp" && mv "$folder/${runFiles.exitCode}.tmp" "$folder/${runFiles.exitCode}"
`;

const runsKept = 10;

/**
 * Starts Puppet, detached; a run of this id that exists is attached to instead. Not to be called twice at a time
 * for one id: `Puppet` sees to that. Throws INPUT_INVALID.
 */
export async function startRun(
  config: PuppetConfig,
  settings: PuppetSettings,
  stateDir: string,
  options: RunOptions,
  system?: PuppetSystem,
): Promise<PuppetRun> {
  const id = options.id ?? randomUUID();
  const closeConnections = options.closeConnections ?? (await submitsCsr(settings));
  const command = [...config.command, ...runArguments(config, id, { ...options, closeConnections })];
  const folder = join(runsFolder(stateDir), id);
  if (!(await claimRun(stateDir, id))) {
    const run = await attachRun(stateDir, id);
    if (run) return run;
    // Whoever made the folder died before the record, hence before Puppet was let go.
    await rm(folder, { recursive: true, force: true });
    await claimRun(stateDir, id);
  }
  try {
    const ready = await (system?.ready({ folder, command }) ??
      readyShell(config, settings, { folder, command }));
    const record: RunRecord = {
      id,
      process: ready.process,
      startedAt: Date.now(),
      environment: options.environment ?? null,
      command,
      folder,
      disabledLockfile: settings.agent_disabled_lockfile,
    };
    await writeRecord(record);
    await ready.go();
    await pruneRuns(stateDir, runsKept);
    return new PuppetRun(record);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A run that was started before, maybe by a process that is gone, or nothing where none has this id. */
export async function attachRun(stateDir: string, id: string): Promise<PuppetRun | undefined> {
  const record = await readRecord(stateDir, id);
  return record && new PuppetRun(record);
}

async function submitsCsr({ hostcert, hostcsr }: PuppetSettings): Promise<boolean> {
  return !(await isPresent(hostcert)) && !(await isPresent(hostcsr));
}

async function readyShell(
  config: PuppetConfig,
  settings: PuppetSettings,
  { folder, command }: RunPlan,
): Promise<ReadyRun> {
  const output = await open(join(folder, runFiles.output), 'a', 0o600);
  try {
    const args = [
      '-c',
      watcher,
      'troupe-run',
      folder,
      settings.lastrunreport,
      settings.lastrunfile,
      ...command,
    ];
    const child = spawn('/bin/sh', args, {
      // A session and process group of its own: signals to the daemon do not reach it.
      detached: true,
      stdio: ['pipe', output.fd, output.fd],
      env: config.env,
      cwd: '/',
    });
    await once(child, 'spawn');
    const { pid, stdin } = child;
    const identity = pid === undefined ? undefined : identify(pid);
    if (!identity || !stdin)
      throw new Error('Cannot start Puppet: the shell that watches the run exited immediately');
    const go = async () => {
      stdin.end('go\n');
      await once(stdin, 'close');
      child.unref();
    };
    return { process: identity, go };
  } finally {
    await output.close();
  }
}
