import {
  ActionError,
  type ActionOf,
  type Context,
  type InputOf,
  messageOf,
  type OutputOf,
} from '@troupe/core';
import { Serial } from '@troupe/core/async';
import type ddl from '@troupe/ddl/puppetd.json';
import type { PuppetdConfig } from './config.js';
import { type Puppet, PuppetRun, type PuppetVerdict, type RunOptions } from './puppet/index.js';

type Runonce = ActionOf<typeof ddl, 'runonce'>;
type Input = InputOf<Runonce>;
type Output = OutputOf<Runonce>;
type FollowInput = InputOf<ActionOf<typeof ddl, 'follow'>>;

// What is left of the action's time when Puppet has ended itself: to write its report and to reply.
const reserveSeconds = 30;

/** Runs Puppet as callers request; whether a run may start is decided for one request at a time. */
export class Runner {
  readonly #puppet: Puppet;
  readonly #config: PuppetdConfig;
  readonly #decisions = new Serial();

  constructor(puppet: Puppet, config: PuppetdConfig) {
    this.#puppet = puppet;
    this.#config = config;
  }

  /** Runs Puppet once as `input` requests; throws an ActionError if it may not run or, in the foreground, fails. */
  async runonce(input: Input, context: Context): Promise<Output> {
    if (input.server !== undefined && !this.#config.allow_server_override) {
      throw new ActionError(
        'This node does not permit callers to choose the Puppet server: plugins.puppetd.allow_server_override is not set',
      );
    }
    const begun = await this.#decisions.run(() => this.#begin(input, context));
    if (!(begun instanceof PuppetRun)) return begun;
    if (!input.foreground) return inBackground(begun, context);
    return inForeground(begun, input.quiet ?? false, context, (why) => begun.abort(why));
  }

  /** Waits for a run that was started earlier; throws an ActionError if it does not exist or failed. */
  async follow({ run_id, quiet }: FollowInput, context: Context): Promise<Output> {
    const run = await this.#puppet.attach(run_id);
    if (!run) throw refusal('unknown-run', `Run ${run_id} not found on this node`);
    return inForeground(run, quiet ?? false, context, (why) => {
      throw new ActionError(`${why}; the Puppet run continues`);
    });
  }

  // The run, or the reply where it is another's to run or none is due.
  async #begin(input: Input, context: Context): Promise<PuppetRun | Output> {
    const puppet = this.#puppet;
    const begun = await puppet.attach(context.requestId);
    if (begun) return begun;
    const status = await puppet.status();
    if (!status.enabled) throw refusal('disabled', `Puppet is disabled: '${status.disable_message}'`);
    if (status.applying || (await puppet.running())) {
      throw refusal('already-running', 'Puppet is already applying a catalog');
    }
    const last = Math.max(status.lastrun_began, await puppet.lastBegan());
    const age = Math.floor(Date.now() / 1000) - last;
    if (input.min_age !== undefined && age < input.min_age) {
      const summary = `Skipped: the last run started ${age} s ago, less than ${input.min_age} s`;
      return { summary, outcome: 'recent', initiated_at: last, run_id: '' };
    }
    if (this.#config.signal_daemon && isPlain(input)) {
      const pid = await puppet.daemonPid();
      if (pid !== undefined) return signalDaemon(pid);
    }
    return puppet.start(optionsOf(input, this.#config, context));
  }
}

// A word for programs beside the line for people.
function refusal(outcome: string, message: string): ActionError {
  return new ActionError(message, undefined, { data: { outcome } });
}

// Puppet's daemon runs as it is configured, and nobody sees how the run ended.
function isPlain(input: Input): boolean {
  const { force, splay, splaylimit, min_age, ...others } = input;
  return Object.values(others).every((value) => value === undefined || value === false);
}

function signalDaemon(pid: number): Output {
  process.kill(pid, 'SIGUSR1');
  return {
    summary: "Triggered a run of Puppet's daemon (SIGUSR1)",
    initiated_at: Math.floor(Date.now() / 1000),
    run_id: '',
  };
}

function optionsOf(input: Input, config: PuppetdConfig, context: Context): RunOptions {
  const splay = !input.force && (input.splay ?? (config.splay && !input.foreground));
  const splayLimitSeconds = Math.max(1, input.splaylimit ?? config.splaylimit);
  const spare = context.timeoutSeconds - reserveSeconds - (splay ? splayLimitSeconds : 0);
  const runTimeoutSeconds = input.foreground
    ? Math.max(10, Math.min(config.run_timeout, spare))
    : config.run_timeout;
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
    ({ outcome, reason }) => log.info({ run: run.id, outcome, reason }, 'Puppet run ended'),
    (error: unknown) =>
      log.error({ run: run.id, reason: messageOf(error) }, 'cannot determine how the Puppet run ended'),
  );
  return { summary: `Started a Puppet run: ${run.record.command.join(' ')}`, ...beginningOf(run) };
}

async function inForeground(
  run: PuppetRun,
  quiet: boolean,
  context: Context,
  giveUp: (why: string) => Promise<PuppetVerdict>,
): Promise<Output> {
  const { signal } = context;
  const onOutput = (lines: readonly string[]) => context.progress(lines.join('\n'));
  const verdict = await run.follow({ signal, ...(quiet ? {} : { onOutput }) }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    if (isDaemonStop(signal.reason)) throw new ActionError('mcod is shutting down; the Puppet run continues');
    return giveUp(messageOf(signal.reason));
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

function endOf(verdict: PuppetVerdict): Output {
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
