import { rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type DaemonConfig, loadDaemonConfig } from '../config/daemon.js';
import { messageOf, TroupeError } from '../errors.js';
import { createLogger, type Logger } from '../log.js';
import { PolicyStore } from '../security/policy/index.js';
import { version } from '../version.js';
import { type Daemon, startDaemon } from './daemon.js';

const usage = `Usage: mcod [--config FILE] [--check]

The daemon of a node: loads agents, and serves their actions over MQTT.

  -c, --config FILE  the configuration (default: /etc/troupe/mcod.yaml)
      --check        only check the configuration
      --version      the version
  -h, --help         this text

Signals: HUP reads the configuration again and reconnects, when what runs has ended;
TERM and INT end it: what runs has 10 seconds.
Exit codes: 0 ended as asked; 1 the configuration or the start is at fault; 2 wrong use.
`;

/** Milliseconds that running actions have before a reload or an end cuts them off. */
const reloadGrace = 3_600_000;
const stopGrace = 10_000;

function arguments_() {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string', short: 'c', default: '/etc/troupe/mcod.yaml' },
        check: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    process.stderr.write(`mcod: ${messageOf(error).split('\n')[0]}\n\n${usage}`);
    process.exit(2);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`mcod: ${messageOf(error)}\n`);
  process.exit(1);
}

type Wake = 'reload' | 'stop';

async function serve(configFile: string): Promise<void> {
  const stopping = new AbortController();
  const alarm = new Alarm();
  const stop = () => {
    stopping.abort();
    alarm.ring('stop');
  };
  process.on('SIGHUP', () => alarm.ring('reload'));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  let config = loadDaemonConfig(configFile);
  let working: DaemonConfig | undefined;
  if (config.pid_file !== undefined) writeFileSync(config.pid_file, `${process.pid}\n`);
  const pidFile = config.pid_file;
  while (!stopping.signal.aborted) {
    const log = loggerOf(config);
    surviveOrEnd(log);
    let daemon: Daemon;
    try {
      daemon = await startDaemon({ config, configFile, log, onReload: () => alarm.ring('reload') });
    } catch (error) {
      if (!working || working === config) throw error;
      log.error({ reason: messageOf(error) }, 'the new configuration does not work: back to the old one');
      config = working;
      continue;
    }
    working = config;
    const next = await alarm.rung();
    log.info(next === 'reload' ? 'reading the configuration again when what runs has ended' : 'ending');
    const patience =
      next === 'reload'
        ? [AbortSignal.timeout(reloadGrace), stopping.signal]
        : [AbortSignal.timeout(stopGrace)];
    await daemon.close({ patience: AbortSignal.any(patience) });
    if (next === 'stop') break;
    // A signal from now on is for the start after this one.
    alarm.reset();
    config = reread(configFile, config, log);
  }
  if (pidFile !== undefined) rmSync(pidFile, { force: true });
}

// Keeps what was asked for until somebody listens: a signal may come while the daemon starts or stops.
class Alarm {
  #asked: Wake | undefined;
  #wake: ((what: Wake) => void) | undefined;

  ring(what: Wake): void {
    if (this.#asked !== 'stop') this.#asked = what;
    this.#wake?.(what);
  }

  reset(): void {
    if (this.#asked === 'reload') this.#asked = undefined;
  }

  rung(): Promise<Wake> {
    const asked = this.#asked;
    if (asked !== undefined) return Promise.resolve(asked);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function loggerOf(config: DaemonConfig) {
  const { level, file } = config.log;
  return createLogger({ level, ...(file === undefined ? {} : { file }) });
}

// A promise that an agent forgot is its own affair; an exception out of nowhere may have left anything half done.
function surviveOrEnd(log: Logger): void {
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error that nobody caught: the daemon ends');
    process.exit(1);
  });
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (reason) => {
    log.error({ err: reason }, 'a promise was rejected and nobody listened');
  });
}

// A configuration that is at fault must not cost us the node: the old one stays.
function reread(file: string, old: DaemonConfig, log: Logger): DaemonConfig {
  try {
    return loadDaemonConfig(file);
  } catch (error) {
    log.error({ reason: messageOf(error) }, 'the new configuration is at fault: the old one stays');
    return old;
  }
}

function checkPolicies(config: DaemonConfig): void {
  const { policies, without_policy: withoutPolicy } = config.authorization;
  if (policies === undefined) return;
  const { errors, warnings } = new PolicyStore({ folder: policies, withoutPolicy }).check();
  for (const warning of warnings) process.stderr.write(`mcod: warning: ${warning}\n`);
  if (errors.length > 0) throw new TroupeError('POLICY_INVALID', errors.join('\n'));
}

const values = arguments_();
if (values.help) process.stdout.write(usage);
else if (values.version) process.stdout.write(`mcod ${version}\n`);
else if (values.check) {
  try {
    checkPolicies(loadDaemonConfig(values.config));
    process.stdout.write(`${values.config} is sound\n`);
  } catch (error) {
    fail(error);
  }
} else {
  serve(values.config).then(() => process.exit(0), fail);
}
