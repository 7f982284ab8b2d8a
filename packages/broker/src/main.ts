import { parseArgs } from 'node:util';
import { type Logger, messageOf, onLine, version } from '@troupe/core';
import {
  completionOf,
  createSwitchedLogger,
  failureText,
  oneLine,
  openMetrics,
  reasonOf,
  reopenSignals,
  usageFailure,
} from '@troupe/core/internal';
import { tokenVerifier } from './authentication/token-verifier.js';
import { type Broker, startBroker } from './broker.js';
import { checkBroker } from './check.js';
import { type BrokerConfig, loadBrokerConfig, parseBrokerConfig } from './config.js';

const usage = `Usage: troupe-broker --config FILE [options]

The embedded MQTT broker: MQTT 3.1.1 over TLS, for clients with a certificate or an enrolment token.
When it is ready, it prints its addresses on standard output as one line of JSON: {"urls": [...]}.
It logs to standard error or to log.file: as text on a terminal and in the journal, otherwise as JSON lines
(log.format).

  -c, --config FILE  configuration file; "-" reads one line of JSON from standard input, and the broker shuts
                     down when standard input is closed
  -l, --listen URL   address to listen on, instead of those in the configuration: mqtts://HOST:PORT or, on
                     loopback only, mqtt://HOST:PORT; port 0 selects any free port; can be repeated
      --check        check the configuration, its addresses and its certificates, then
                     exit; warns of certificates and revocation lists that expire soon
      --completion SHELL
                     print a completion script for bash, zsh or fish
  -V, --version      print the version
  -h, --help         print this help

Signals:
  HUP        reload certificates and revocation lists
  USR2, WINCH
             open the log file again, after a rotation
  TERM, INT  shut down
Memory:
  Messages that wait for a slow client are kept in memory. limits.backlog_bytes limits them per client (default:
  128 MiB): a client that exceeds it is disconnected. The whole process is limited by the environment variable
  NODE_OPTIONS=--max-old-space-size=512 (MiB of heap; the broker exits if it needs more) or by MemoryMax= in its
  systemd unit (the kernel ends the broker). Let systemd or another supervisor restart it.
Exit codes:
  0  shut down as requested
  1  configuration error, failure to start, or uncaught exception
  2  usage error
Errors end with a code in brackets: look it up in docs/troubleshooting.md or with mco help CODE.
`;

function readArguments() {
  try {
    return parseArgs({
      options: {
        config: { type: 'string', short: 'c' },
        listen: { type: 'string', short: 'l', multiple: true },
        check: { type: 'boolean', default: false },
        completion: { type: 'string' },
        version: { type: 'boolean', short: 'V', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return misused(oneLine(messageOf(error)));
  }
}

function misused(reason: string): never {
  process.stderr.write(usageFailure('troupe-broker', reason));
  process.exit(2);
}

function failure(error: unknown): string {
  return failureText('troupe-broker', error, { isTerminal: process.stderr.isTTY === true });
}

function fail(error: unknown): never {
  process.stderr.write(failure(error));
  process.exit(1);
}

async function readBrokerConfig(file: string, ended: () => void): Promise<BrokerConfig> {
  if (file !== '-') return loadBrokerConfig(file);
  process.stdin.once('end', ended);
  const line = await new Promise<string>((resolve) => onLine(process.stdin, resolve));
  return parseBrokerConfig(line, 'standard input');
}

async function serve(file: string, listen: readonly string[] | undefined): Promise<void> {
  let stop: () => void = () => process.exit(0);
  const ended = () => stop();
  process.on('SIGTERM', ended);
  // A terminal sends Ctrl-C to the parent as well, which may need the broker for its own end.
  process.on('SIGINT', file === '-' ? () => undefined : ended);
  const read = await readBrokerConfig(file, ended);
  const config = listen ? { ...read, listen } : read;
  const { log, reopen } = createSwitchedLogger(config.log);
  for (const signal of reopenSignals) process.on(signal, () => reopenLog(reopen, config, log));
  // Whoever reads what this process prints may end before it.
  process.stdout.on('error', () => {});
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception: the broker exits');
    process.exit(1);
  });
  // A forgotten promise leaves nothing half done.
  process.on('unhandledRejection', (reason) => log.error({ err: reason }, 'unhandled promise rejection'));
  const verifyToken = tokenVerifier(config.security, config.enrolment);
  const broker = await startBroker(config, { log, ...(verifyToken && { verifyToken }) });
  const metrics = await openMetrics(
    config.metrics,
    async () => (await import('./broker-metrics.js')).brokerMetrics(config, () => broker.stats()),
    log,
  );
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  process.on('SIGHUP', () => reload(broker, log));
  process.stdout.write(`${JSON.stringify({ urls: broker.urls })}\n`);
  log.info({ urls: broker.urls, pid: process.pid }, 'the broker is ready');
  await stopped;
  await broker.close();
  await metrics?.close();
  log.info(broker.stats(), 'the broker has shut down');
}

function reopenLog(
  reopen: ((file: string) => void) | undefined,
  { log: { file } }: BrokerConfig,
  log: Logger,
) {
  try {
    if (file !== undefined) reopen?.(file);
    log.info('log opened again');
  } catch (error) {
    log.error(reasonOf(error), 'cannot open the log again: the previous file stays in use');
  }
}

function reload(broker: Broker, log: Logger): void {
  try {
    broker.reload();
  } catch (error) {
    log.error(reasonOf(error), 'cannot reload the certificates: the previous ones stay in use');
  }
}

async function check(file: string): Promise<void> {
  const { faults, warnings } = await checkBroker(file);
  for (const warning of warnings) process.stderr.write(`troupe-broker: warning: ${warning}\n`);
  for (const fault of faults) process.stderr.write(failure(fault));
  if (faults.length > 0) process.exit(1);
  process.stdout.write(`${file}: configuration OK\n`);
}

function printCompletion(shell: string): void {
  try {
    process.stdout.write(completionOf('troupe-broker', usage, shell));
  } catch (error) {
    misused(messageOf(error));
  }
}

const values = readArguments();
if (values.help) process.stdout.write(usage);
else if (values.completion !== undefined) printCompletion(values.completion);
else if (values.version) process.stdout.write(`troupe-broker ${version}\n`);
else if (values.config === undefined) misused('missing option --config FILE');
else if (values.check) await check(values.config).catch(fail);
else serve(values.config, values.listen).then(() => process.exit(0), fail);
