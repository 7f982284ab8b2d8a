import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Logger, type LogLevel, silentLogger } from '@troupe/core';
import { isErrno, replaceFileSync } from '@troupe/core/durable-file';
import {
  createSwitchedLogger,
  type EndingFiles,
  openMetrics,
  type RewrittenFile,
  reasonOf,
  reopenSignals,
  type SwitchedLogger,
  systemReasonOf,
  warnOfEnds,
  warnOfEndsDaily,
} from '@troupe/core/internal';
import type { ExposedMetrics } from '@troupe/core/internal/metrics';
import { allowsUnsafeFiles } from '@troupe/core/trusted-path';
import { agentAtWork } from './agents/agent-scope.js';
import { Alarm } from './alarm.js';
import { type DaemonConfig, loadDaemonConfig } from './config.js';
import { type Daemon, type DaemonOptions, startDaemon } from './daemon.js';
import { ExitRefused, exit, refuseExit } from './exit.js';
import { lossesIn } from './loss.js';
import { prepare } from './preparation.js';
import type { Jobs } from './request/jobs.js';
import { openStatusFile, statusFileOf } from './status/status-file.js';
import { doubtfulFaults, findUnsafeFiles, unsafeFaults } from './unsafe-files.js';

/** Milliseconds that running actions have before a reload or an end cuts them off. */
const reloadGrace = 3_600_000;
const stopGrace = 10_000;
/** Milliseconds until a start that failed is tried again, if the daemon has served before. */
const restartDelay = 10_000;

/** Serves as a configuration file says until a signal ends it; tests bring agents and a broker. Throws when the first start fails. */
export async function serve(
  configFile: string,
  options: Pick<DaemonOptions, 'agents' | 'connect'> = {},
): Promise<void> {
  const stopping = new AbortController();
  const alarm = new Alarm();
  const stop = () => {
    stopping.abort();
    alarm.ring('stop');
  };
  process.on('SIGHUP', () => alarm.ring('reload'));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  let switchLevel = () => {};
  process.on('SIGUSR1', () => switchLevel());
  let reopen = () => {};
  for (const signal of reopenSignals) process.on(signal, () => reopen());

  refuseExit();

  let config = loadDaemonConfig(configFile);
  let working: DaemonConfig | undefined;
  let jobs: Jobs | undefined;
  let logging: Logging | undefined;
  let pidFault: string | undefined;
  const { pid_file: pidFile } = config;
  while (!stopping.signal.aborted) {
    logging = newLogging(config, logging);
    const { log, level, switched } = logging;
    switchLevel = level;
    reopen = () => reopenLog(config, switched);
    surviveOrEnd(log);
    if (working === undefined) pidFault = writePid(pidFile, log);
    for (const reason of await unsafeWords(config, configFile))
      log.warn({ reason }, 'others can write a file of this daemon');
    warnOfEnds(endingFiles(config), log);
    let daemon: Daemon;
    let status: RewrittenFile | undefined;
    let metrics: ExposedMetrics | undefined;
    try {
      daemon = await startDaemon({
        ...options,
        config,
        configFile,
        log,
        faults: unsafeFaults(config, configFile),
        without: () =>
          lossesIn({
            'log.file': switched.fault(),
            pid_file: pidFault,
            'metrics.http': metrics?.faults().http,
            'metrics.textfile': metrics?.faults().textfile,
          }),
        signal: stopping.signal,
        onReload: () => alarm.ring('reload'),
        onChange: () => status?.write(),
        ...(jobs && { jobs }),
      });
    } catch (error) {
      if (stopping.signal.aborted && error === stopping.signal.reason) {
        log.info('shutting down: the daemon had not finished its start');
        break;
      }
      if (!working) {
        removePid(pidFile);
        throw error;
      }
      if (working === config) {
        log.error(reasonOf(error), `cannot start again: trying again in ${restartDelay / 1000} s`);
        await Promise.race([alarm.rung(), delayed(restartDelay, stopping.signal)]);
        alarm.reset();
        config = reread(configFile, config, log);
        continue;
      }
      log.error(reasonOf(error), 'cannot start with the new configuration: the previous one stays in use');
      config = working;
      continue;
    }
    working = config;
    const { status_interval: seconds } = config;
    status = openStatusFile({ file: statusFileOf(config), seconds, read: () => daemon.status(), log });
    metrics = await openMetrics(
      config.metrics,
      async () => (await import('./status/daemon-metrics.js')).daemonMetrics(config, () => daemon.status()),
      log,
    );
    const stopWarning = warnOfEndsDaily(endingFiles(config), log);
    const next = await nextConfig({ alarm, configFile, config, options, log });
    stopWarning();
    log.info(
      next === 'stop' ? 'shutting down' : 'reloading the configuration after running actions have ended',
    );
    const patience =
      next === 'stop'
        ? [AbortSignal.timeout(stopGrace)]
        : [AbortSignal.timeout(reloadGrace), stopping.signal];
    await daemon.close({ patience: AbortSignal.any(patience) });
    await status.close();
    await metrics?.close();
    if (next === 'stop') break;
    // A signal from now on is for the start after this one.
    alarm.reset();
    config = reread(configFile, config, log);
    // What is kept of requests is of use as long as node and callers are the same.
    jobs = isSameHouse(config, working) ? daemon.jobs : undefined;
  }
  removePid(pidFile);
}

// With a token, the files are those of the finished host.
function endingFiles({ security }: DaemonConfig): EndingFiles {
  return security.mode === 'x509' ? security : { callers: {} };
}

/** Waits until the daemon is to stop, or to reload: not while it could not start again, for it serves as it is. */
async function nextConfig({
  alarm,
  configFile,
  config,
  options,
  log,
}: {
  readonly alarm: Alarm;
  readonly configFile: string;
  readonly config: DaemonConfig;
  readonly options: Pick<DaemonOptions, 'connect'>;
  readonly log: Logger;
}): Promise<'stop' | 'reload'> {
  for (;;) {
    const next = await alarm.rung();
    if (next === 'stop') return next;
    // Its files may be others by now than when it started.
    const fault = await startFault(config, configFile, options);
    if (fault === undefined) return next;
    const fresh = reread(configFile, config, log);
    if (fresh !== config && (await startFault(fresh, configFile, options)) === undefined) return next;
    log.error(reasonOf(fault), 'cannot reload: the daemon continues as it is');
    alarm.reset();
  }
}

async function startFault(
  config: DaemonConfig,
  configFile: string,
  options: Pick<DaemonOptions, 'connect'>,
): Promise<unknown> {
  try {
    const faults = unsafeFaults(config, configFile);
    const hasTransport = options.connect !== undefined;
    const { facts } = await prepare({ config, log: silentLogger, hasTransport, faults, isTrial: true });
    await facts.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

function delayed(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function writePid(file: string | undefined, log: Logger): string | undefined {
  if (file === undefined) return undefined;
  try {
    const text = `${process.pid}\n`;
    // A device must not be replaced by a file.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) writeFileSync(file, text);
    else replaceFileSync(file, text, 0o644);
    return undefined;
  } catch (error) {
    if (!isErrno(error)) throw error;
    const fault = `cannot write ${file}: ${systemReasonOf(error)}`;
    log.error({ reason: fault }, 'cannot write pid_file: the daemon runs without it');
    return fault;
  }
}

// That of another process stays.
function removePid(file: string | undefined): void {
  if (file === undefined) return;
  try {
    if (readFileSync(file, 'utf8') === `${process.pid}\n`) rmSync(file);
  } catch (error) {
    if (!isErrno(error)) throw error;
  }
}

// What is left out is logged where it is.
async function unsafeWords(config: DaemonConfig, configFile: string): Promise<readonly string[]> {
  if (!allowsUnsafeFiles()) return doubtfulFaults(config);
  const { fatal, leftOut, doubtful } = await findUnsafeFiles(config, configFile);
  return [...fatal, ...leftOut, ...doubtful];
}

interface Logging {
  readonly log: Logger;
  /** Changes the level: from the configuration's to debug, to trace, and back. */
  readonly level: () => void;
  readonly switched: SwitchedLogger;
  readonly settings: DaemonConfig['log'];
}

// A reload whose log cannot be opened must not cost us the node.
function newLogging({ log: settings }: DaemonConfig, old: Logging | undefined): Logging {
  try {
    return loggingOf(settings, reopened(settings, old) ?? openLog(settings));
  } catch (error) {
    if (!old || !isErrno(error)) throw error;
    const reason = `log.file: cannot write ${settings.file}: ${systemReasonOf(error)}`;
    old.log.error({ reason }, 'cannot open the new log: the previous one stays in use');
    return old;
  }
}

function openLog({ level, format, file }: DaemonConfig['log']): SwitchedLogger {
  return createSwitchedLogger({ level, format, ...(file === undefined ? {} : { file }) });
}

function reopenLog({ log: { file } }: DaemonConfig, { log, reopen }: SwitchedLogger): void {
  try {
    if (file !== undefined) reopen?.(file);
    log.info('log opened again');
  } catch (error) {
    log.error(reasonOf(error), 'cannot open the log again: the previous file stays in use');
  }
}

// After a rotation the file is another one of the same name; running actions have loggers that go on with it.
function reopened(
  { format, file, level }: DaemonConfig['log'],
  old: Logging | undefined,
): SwitchedLogger | undefined {
  const { switched, settings } = old ?? {};
  if (switched?.reopen === undefined || file === undefined || settings?.format !== format) return undefined;
  // One that could not be written before is tried again with each line.
  if (switched.fault() !== undefined && settings.file === file) return switched;
  switched.reopen(file);
  switched.setLevel(level);
  return switched;
}

function loggingOf(settings: DaemonConfig['log'], switched: SwitchedLogger): Logging {
  const { level: configured } = settings;
  const { log, setLevel } = switched;
  const levels = [...new Set<LogLevel>([configured, 'debug', 'trace'])];
  let at = 0;
  const level = () => {
    const from = levels[at] ?? configured;
    at = (at + 1) % levels.length;
    const to = levels[at] ?? configured;
    const report = () => log.info({ from, to }, 'log level changed');
    if (at === 0) report();
    setLevel(to);
    if (at !== 0) report();
  };
  return { log, level, switched, settings };
}

function isSameHouse(one: DaemonConfig, other: DaemonConfig): boolean {
  const house = ({ identity, collectives, security, state_dir, limits }: DaemonConfig) =>
    JSON.stringify([identity, collectives, security, state_dir, limits]);
  return house(one) === house(other);
}

// What an agent forgot is its own affair; an exception of the daemon itself may have left anything half done.
function surviveOrEnd(log: Logger): void {
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => {
    const agent = agentAtWork();
    if (error instanceof ExitRefused) log.error({ err: error }, 'an agent called process.exit: blocked');
    else if (agent !== undefined)
      log.error({ agent, err: error }, 'uncaught exception of an agent: the daemon continues');
    else {
      log.fatal({ err: error }, 'uncaught exception: the daemon exits');
      exit(1);
    }
  });
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (reason) => {
    const agent = agentAtWork();
    log.error({ ...(agent !== undefined && { agent }), err: reason }, 'unhandled promise rejection');
  });
}

// A configuration that is at fault must not cost us the node: the old one stays.
function reread(file: string, old: DaemonConfig, log: Logger): DaemonConfig {
  try {
    const fresh = loadDaemonConfig(file);
    const [fault] = unsafeFaults(fresh, file);
    if (fault) throw fault;
    return fresh;
  } catch (error) {
    log.error(reasonOf(error), 'invalid configuration: the previous one stays in use');
    return old;
  }
}
