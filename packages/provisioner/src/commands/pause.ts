import { localCaller } from '@troupe/client';
import { PauseFile, withCode } from '@troupe/core/internal';
import provisionerDdl from '@troupe/ddl/provisioner.json' with { type: 'json' };
import { loadProvisionerConfig } from '../config/config.js';
import { ExitCode } from './exit-code.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { provisionerHosts } from './provisioner-hosts.js';
import { findConfig, withSession } from './session.js';

export interface PauseOptions {
  readonly config?: string;
  readonly reason?: string;
  /** Only the provisioner on this machine, by its pause file. */
  readonly here?: boolean;
  readonly json?: boolean;
}

/** `mcprovision pause`: no provisioner starts a new node; nodes in progress are finished. */
export function pause(io: Io, options: PauseOptions): Promise<ExitCode> {
  return change(io, options, 'pause');
}

/** `mcprovision resume` ends that. */
export function resume(io: Io, options: PauseOptions): Promise<ExitCode> {
  return change(io, options, 'resume');
}

type Action = 'pause' | 'resume';

async function change(io: Io, options: PauseOptions, action: Action): Promise<ExitCode> {
  if (options.here) return changeHere(io, options, action);
  return withSession(io, options.config, async ({ client, config }) => {
    const collective = config.collectives.main;
    const agent = client.agent(provisionerDdl);
    const nodes = await provisionerHosts(client, collective);
    const given = { targets: nodes, collective };
    const { reason } = options;
    const call =
      action === 'pause'
        ? agent.pause(reason === undefined ? {} : { reason }, given)
        : agent.resume({}, given);
    const results = nodes.length === 0 ? [] : await call.all();
    const lines = results.map(({ sender, ok, statusmsg, data }) => {
      return { host: sender, ok, changed: data.changed, reason: ok ? null : statusmsg };
    });
    if (options.json) io.out(jsonLine({ action, provisioners: lines }));
    else for (const line of lines) io.out(`${line.host}: ${wordsOf(line, action)}\n`);
    if (lines.length === 0) {
      const reason =
        `no host with the agent provisioner found in the collective ${collective}: add @troupe/provisioner/agent ` +
        `to agents in mcod.yaml on the host of each provisioner, or use --here on that host`;
      io.err(`mcprovision: ${withCode(reason, 'NO_NODES')}\n`);
      return ExitCode.noAnswer;
    }
    return lines.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.error;
  });
}

function wordsOf(
  { ok, changed, reason }: { ok: boolean; changed: boolean | null; reason: string | null },
  action: Action,
): string {
  if (!ok) return `not ${action}d: ${reason}`;
  return changed ? `${action}d` : `was ${action === 'pause' ? 'already paused' : 'not paused'}`;
}

function changeHere(io: Io, { config: file, reason, json }: PauseOptions, action: Action): ExitCode {
  const pauses = new PauseFile(loadProvisionerConfig(findConfig(file)).pauseFile);
  const changed = action === 'pause' ? pauses.begin(localCaller(), reason ?? '') : pauses.end();
  const line = { host: 'this host', ok: true, changed, reason: null };
  if (json) io.out(jsonLine({ action, file: pauses.path, changed }));
  else io.out(`${line.host}: ${wordsOf(line, action)} (${pauses.path})\n`);
  return ExitCode.ok;
}
