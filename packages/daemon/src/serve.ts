import { rmSync, writeFileSync } from 'node:fs';
import { type Logger, type LogLevel, TroupeError } from '@troupe/core';
import {
  createSwitchedLogger,
  type EndingFiles,
  openMetrics,
  type RewrittenFile,
  reasonOf,
  type SwitchedLogger,
  systemReasonOf,
  warnOfEnds,
  warnOfEndsDaily,
} from '@troupe/core/internal';
import { allowsUnsafeFiles } from '@troupe/core/trusted-path';
import { Alarm } from './alarm.js';
import { type DaemonConfig, loadDaemonConfig } from './config.js';
import { type Daemon, type DaemonOptions, startDaemon } from './daemon.js';
import { ExitRefused, exit, refuseExit } from './exit.js';
import type { Jobs } from './request/jobs.js';
import { openStatusFile, statusFileOf } from './status/status-file.js';
import { doubtfulFaults, findUnsafeFiles, refuseUnsafeFiles } from './unsafe-files.js';

/** Milliseconds that running actions have before a reload or an end cuts them off. */
const reloadGrace = 3_600_000;
const stopGrace = 10_000;

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

  refuseExit();

  let config = loadTrusted(configFile);
  let working: DaemonConfig | undefined;
  let jobs: Jobs | undefined;
  const pidFile = config.pid_file;
  if (pidFile !== undefined) named('pid_file', pidFile, () => writeFileSync(pidFile, `${process.pid}\n`));
  let logging: Logging | undefined;
  while (!stopping.signal.aborted) {
    logging = newLogging(config, logging);
    const { log, level } = logging;
    switchLevel = level;
    surviveOrEnd(log);
    for (const reason of await unsafeWords(config, configFile))
      log.warn({ reason }, 'others can write a file of this daemon');
    warnOfEnds(endingFiles(config), log);
    let daemon: Daemon;
    let status: RewrittenFile | undefined;
    try {
      daemon = await startDaemon({
        ...options,
        config,
        configFile,
        log,
        onReload: () => alarm.ring('reload'),
        onChange: () => status?.write(),
        ...(jobs && { jobs }),
      });
    } catch (error) {
      if (!working || working === config) throw error;
      log.error(reasonOf(error), 'cannot start with the new configuration: the previous one stays in use');
      config = working;
      continue;
    }
    working = config;
    const { status_interval: seconds } = config;
    status = openStatusFile({ file: statusFileOf(config), seconds, read: () => daemon.status(), log });
    const metrics = await openMetrics(
      config.metrics,
      async () => (await import('./status/daemon-metrics.js')).daemonMetrics(config, () => daemon.status()),
      log,
    );
    const stopWarning = warnOfEndsDaily(endingFiles(config), log);
    const next = await alarm.rung();
    stopWarning();
    log.info(
      next === 'reload' ? 'reloading the configuration after running actions have ended' : 'shutting down',
    );
    const patience =
      next === 'reload'
        ? [AbortSignal.timeout(reloadGrace), stopping.signal]
        : [AbortSignal.timeout(stopGrace)];
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
  if (pidFile !== undefined) rmSync(pidFile, { force: true });
}

// With a token, the files are those of the finished host.
function endingFiles({ security }: DaemonConfig): EndingFiles {
  return security.mode === 'x509' ? security : { callers: {} };
}

function loadTrusted(file: string): DaemonConfig {
  const config = loadDaemonConfig(file);
  refuseUnsafeFiles(config, file);
  return config;
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
  const { file = 'standard error' } = settings;
  try {
    return named('log.file', file, () => loggingOf(settings, reopened(settings, old) ?? openLog(settings)));
  } catch (error) {
    if (!old) throw error;
    old.log.error(reasonOf(error), 'cannot open the new log: the previous one stays in use');
    return old;
  }
}

function named<T>(key: string, file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new TroupeError('FILE_UNREADABLE', `${key}: cannot write ${file}: ${systemReasonOf(cause)}`, {
      cause,
    });
  }
}

function openLog({ level, format, file }: DaemonConfig['log']): SwitchedLogger {
  return createSwitchedLogger({ level, format, ...(file === undefined ? {} : { file }) });
}

// After a rotation the file is another one of the same name; running actions have loggers that go on with it.
function reopened(
  { format, file, level }: DaemonConfig['log'],
  old: Logging | undefined,
): SwitchedLogger | undefined {
  const { switched, settings } = old ?? {};
  if (switched?.reopen === undefined || file === undefined || settings?.format !== format) return undefined;
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

// A promise that an agent forgot is its own affair; an exception out of nowhere may have left anything half done.
function surviveOrEnd(log: Logger): void {
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => {
    if (error instanceof ExitRefused) {
      log.error({ err: error }, 'an agent called process.exit: blocked');
      return;
    }
    log.fatal({ err: error }, 'uncaught exception: the daemon exits');
    exit(1);
  });
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (reason) => {
    log.error({ err: reason }, 'unhandled promise rejection');
  });
}

// A configuration that is at fault must not cost us the node: the old one stays.
function reread(file: string, old: DaemonConfig, log: Logger): DaemonConfig {
  try {
    return loadTrusted(file);
  } catch (error) {
    log.error(reasonOf(error), 'invalid configuration: the previous one stays in use');
    return old;
  }
}
