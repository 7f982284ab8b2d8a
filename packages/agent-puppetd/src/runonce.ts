import {
  ActionError,
  type ActionOf,
  type Context,
  type InputOf,
  messageOf,
  type OutputOf,
} from '@troupe/core';
import type ddl from '@troupe/ddl/puppetd.json';
import type { PuppetdConfig } from './config.js';
import type { Puppet, PuppetRun, RunOptions, Verdict } from './puppet/index.js';

type Runonce = ActionOf<typeof ddl, 'runonce'>;
type Input = InputOf<Runonce>;
type Output = OutputOf<Runonce>;

// What is left of the action's time when Puppet has ended itself: to write its report and to reply.
const reserveSeconds = 30;

/** Runs Puppet once as `input` asks; throws an ActionError where it may not run or, in the foreground, fails. */
export async function runonce(
  puppet: Puppet,
  config: PuppetdConfig,
  input: Input,
  context: Context,
): Promise<Output> {
  if (input.server !== undefined && !config.allowServerOverride) {
    throw new ActionError('This node lets nobody choose the server: "allow_server_override" is not set');
  }
  const begun = await puppet.attach(context.requestId);
  if (begun) return conclude(begun, input, context);
  const status = await puppet.status();
  if (!status.enabled) throw new ActionError(`Puppet is disabled: '${status.disable_message}'`);
  if (status.applying) throw new ActionError('Puppet is applying a catalog already');
  if (config.signalDaemon && isPlain(input)) {
    const pid = await puppet.daemonPid();
    if (pid !== undefined) return signalDaemon(pid);
  }
  return conclude(await puppet.start(optionsOf(input, config, context)), input, context);
}

function conclude(run: PuppetRun, { foreground }: Input, context: Context): Output | Promise<Output> {
  return foreground ? inForeground(run, context) : inBackground(run, context);
}

// Puppet's daemon runs as it is configured, and nobody sees how the run ended.
function isPlain(input: Input): boolean {
  const { force, splay, splaylimit, ...others } = input;
  return Object.values(others).every((value) => value === undefined || value === false);
}

function signalDaemon(pid: number): Output {
  process.kill(pid, 'SIGUSR1');
  return {
    summary: "Told Puppet's daemon to run now",
    initiated_at: Math.floor(Date.now() / 1000),
    run_id: '',
  };
}

function optionsOf(input: Input, config: PuppetdConfig, context: Context): RunOptions {
  const splay = !input.force && (input.splay ?? (config.splay && !input.foreground));
  const splayLimitSeconds = Math.max(1, input.splaylimit ?? config.splaylimit);
  const spare = context.timeoutSeconds - reserveSeconds - (splay ? splayLimitSeconds : 0);
  const runTimeoutSeconds = input.foreground
    ? Math.max(10, Math.min(config.runTimeout, spare))
    : config.runTimeout;
  return {
    id: context.requestId,
    splay,
    ...(splay && { splayLimitSeconds }),
    runTimeoutSeconds,
    ...(input.noop !== undefined && { noop: input.noop }),
    ...(input.tags !== undefined && { tags: input.tags.split(',').map((tag) => tag.trim()) }),
    ...(input.environment !== undefined && { environment: input.environment }),
    ...(input.server !== undefined && { server: input.server }),
    ...(input.use_cached_catalog !== undefined && { useCachedCatalog: input.use_cached_catalog }),
    ...(input.ignoreschedules !== undefined && { ignoreSchedules: input.ignoreschedules }),
  };
}

function inBackground(run: PuppetRun, { log }: Context): Output {
  run.follow({ isBackground: true }).then(
    ({ outcome, reason }) => log.info({ run: run.id, outcome, reason }, 'the Puppet run has ended'),
    (error: unknown) => log.error({ run: run.id, reason: messageOf(error) }, 'the Puppet run is lost'),
  );
  return { summary: `Started a Puppet run: ${run.record.command.join(' ')}`, ...beginningOf(run) };
}

async function inForeground(run: PuppetRun, context: Context): Promise<Output> {
  const { signal } = context;
  const onOutput = (lines: readonly string[]) => context.progress(lines.join('\n'));
  const verdict = await run.follow({ onOutput, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    if (isDaemonStop(signal.reason)) throw new ActionError('The daemon stops; the Puppet run goes on');
    return run.abort(messageOf(signal.reason));
  });
  const output = { ...beginningOf(run), ...endOf(verdict) };
  if (!verdict.ok) throw new ActionError(verdict.reason, undefined, { data: output });
  return output;
}

// A run survives the daemon: Puppet itself may be what restarts it.
function isDaemonStop(reason: unknown): boolean {
  return reason instanceof Error && 'code' in reason && reason.code === 'NOT_CONNECTED';
}

function beginningOf(run: PuppetRun): Output {
  return { initiated_at: Math.floor(run.record.startedAt / 1000), run_id: run.id };
}

function endOf(verdict: Verdict): Output {
  return {
    summary: verdict.reason,
    outcome: verdict.outcome,
    exit_code: verdict.exitCode,
    environment: verdict.environment,
    resources: verdict.resources,
    errors: [...verdict.errors],
    seconds: verdict.seconds,
  };
}
