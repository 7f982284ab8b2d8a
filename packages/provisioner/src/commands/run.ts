import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@troupe/client';
import { createLogger, type Logger, TroupeError } from '@troupe/core';
import { reasonOf, warnOfEndsDaily, wordsOfPause } from '@troupe/core/internal';
import { clientConfigOf, loadProvisionerConfig, type ProvisionerConfig } from '../config/config.js';
import { eventLog } from '../events/event-log.js';
import type { ProvisionEvent } from '../events/events.js';
import { Outbox } from '../events/outbox.js';
import { PendingJournal, pendingFileOf } from '../journal/pending-journal.js';
import { Monitoring } from '../monitoring/monitoring.js';
import { BrokerWatch } from '../worker/broker-watch.js';
import { type Keeping, startProvisioner } from '../worker/provisioner.js';
import { detach } from './detach.js';
import { ExitCode } from './exit-code.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { logDestination } from './log-destination.js';
import { findConfig } from './session.js';

export interface RunOptions {
  readonly config?: string;
  /** Exits after this many nodes have finished, whether done or quarantined. */
  readonly once?: number;
  /** Exits when no node is left to provision. */
  readonly untilIdle?: boolean;
  readonly foreground?: boolean;
  readonly json?: boolean;
}

/** Milliseconds in which the last notifications are sent. */
const flushGrace = 10_000;
/** Milliseconds between attempts to connect to a broker that is unavailable at the start. */
const brokerEvery = 5000;

/** `mcprovision run`: provisions nodes as they come online, until it is stopped. */
export async function run(io: Io, options: RunOptions): Promise<ExitCode> {
  const file = findConfig(options.config);
  const config = loadProvisionerConfig(file);
  const isDaemon = options.once === undefined && !options.untilIdle;
  if (config.daemonize && isDaemon && !options.foreground) {
    if (config.log.file === undefined) {
      throw new TroupeError(
        'CONFIG_INVALID',
        `${file}: daemonize requires logfile: set logfile, or run with --foreground`,
      );
    }
    const pid = detach(config.pidFile, ['run', '--foreground', '--config', resolve(file)]);
    io.err(`mcprovision started in the background as process ${pid} (pid file: ${config.pidFile})\n`);
    return ExitCode.ok;
  }
  const { level, format, file: logFile } = config.log;
  const { reopen, ...destination } = logDestination(io, logFile);
  const log = createLogger({ level, format, ...destination });
  const stopReopening = io.onReopen(() => reopenLog(reopen, log));
  const stopNoticing = io.onUnhandled((reason) => log.error({ err: reason }, 'unhandled promise rejection'));
  const stop = new AbortController();
  let isPressed = false;
  const stopListening = io.onSignal(() => {
    if (isPressed) process.exit(ExitCode.interrupted);
    isPressed = true;
    log.info('stopping: Puppet runs on nodes continue');
    stop.abort();
  });
  // Also while there is no broker: that is when somebody looks.
  const monitoring = await Monitoring.open(config, clientConfigOf(config).security, log);
  const pending = PendingJournal.open(pendingFileOf(config.journalFile), log);
  const outbox = new Outbox({ config, journal: pending, log });
  monitoring.watchJournal(pending);
  monitoring.watchMessages(() => outbox.state);
  let current: Client | undefined;
  const watch = new BrokerWatch({ isConnected: () => current?.isConnected === true, outbox });
  outbox.start();
  try {
    for (;;) {
      const client = await reach(io, config, log, isDaemon ? stop.signal : undefined);
      if (!client) return ExitCode.ok;
      current = client;
      try {
        const kept = { keeping: { pending, outbox }, monitoring };
        return await provisionAll(io, client, config, { ...options, ...kept, log, stop: stop.signal });
      } catch (error) {
        await client.close();
        current = undefined;
        if (!isDaemon || !isAway(error)) throw error;
        await waitForBroker(error, log, stop.signal);
      }
    }
  } finally {
    watch.stop();
    outbox.stop();
    await Promise.all([pending.close(), monitoring.close()]);
    stopListening();
    stopReopening();
    stopNoticing();
  }
}

function reopenLog(reopen: (() => void) | undefined, log: Logger): void {
  try {
    reopen?.();
    log.info('log opened again');
  } catch (error) {
    log.error(reasonOf(error), 'cannot open the log again: the previous file stays in use');
  }
}

async function provisionAll(
  io: Io,
  client: Client,
  config: ProvisionerConfig,
  {
    log,
    stop,
    monitoring,
    keeping,
    once,
    untilIdle,
    json,
  }: RunOptions & { log: Logger; stop: AbortSignal; monitoring: Monitoring; keeping: Keeping },
): Promise<ExitCode> {
  let quarantined = 0;
  let ended = 0;
  const enough = new AbortController();
  const count = (event: ProvisionEvent) => {
    if (event.type !== 'done' && event.type !== 'quarantined') return;
    ended += 1;
    if (event.type === 'quarantined') quarantined += 1;
    if (once !== undefined && ended >= once) enough.abort();
  };
  const write = eventLog(log);
  const provisioner = await startProvisioner({
    client,
    config,
    log,
    keeping,
    onEvent: (event) => {
      write(event);
      monitoring.count(event);
      count(event);
      if (json) io.out(jsonLine(event));
    },
  });
  monitoring.watch(provisioner, client);
  const { url } = monitoring;
  log.info({ owner: provisioner.owner, ...(url !== undefined && { url }) }, 'waiting for nodes');
  const pause = provisioner.paused();
  if (pause)
    log.warn(
      { reason: wordsOfPause(pause) },
      'provisioning is paused: no new nodes are started until "mcprovision resume"',
    );
  const stopWarning = warnOfEndsDaily(clientConfigOf(config).security, log);
  const over = fired(AbortSignal.any([stop, enough.signal]));
  await (untilIdle ? Promise.race([over, provisioner.idle()]) : over);
  stopWarning();
  const isCounted = once !== undefined || untilIdle;
  // A program that ends and may not run again does not wait for the time of the next digest.
  if (isCounted) await Promise.race([keeping.outbox.flush(), sleep(flushGrace, undefined, { ref: false })]);
  await provisioner.stop();
  await client.close();
  return isCounted && quarantined > 0 ? ExitCode.quarantined : ExitCode.ok;
}

// A daemon waits for its broker as long as it takes.
async function reach(
  io: Io,
  config: ProvisionerConfig,
  log: Logger,
  patience: AbortSignal | undefined,
): Promise<Client | undefined> {
  const clientConfig = clientConfigOf(config);
  while (!patience?.aborted) {
    try {
      return await io.connect(clientConfig, log);
    } catch (error) {
      if (!isAway(error) || !patience) throw error;
      await waitForBroker(error, log, patience);
    }
  }
  return undefined;
}

// It may go away again before everything is subscribed.
function isAway(error: unknown): boolean {
  return (
    error instanceof TroupeError && (error.code === 'BROKER_UNREACHABLE' || error.code === 'NOT_CONNECTED')
  );
}

async function waitForBroker(error: unknown, log: Logger, signal: AbortSignal): Promise<void> {
  log.warn(reasonOf(error), `cannot connect to the broker: retrying every ${brokerEvery / 1000} s`);
  await sleep(brokerEvery, undefined, { signal }).catch(() => {});
}

async function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
