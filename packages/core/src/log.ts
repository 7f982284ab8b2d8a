import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { commonJs } from './commonjs.js';

export type Logger = Pick<PinoLogger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'child'>;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

// Keys that hold secrets wherever they turn up in what is logged, to a depth of three.
const secretKeys = ['password', 'passphrase', 'token', 'secret', 'authorization', 'privateKey'];
const redact = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** A logger of JSON lines, to a file or another destination, by default standard error; secrets are replaced before a line is written. */
export function createLogger(options: {
  level: LogLevel;
  destination?: DestinationStream;
  file?: string;
}): PinoLogger {
  const { level, file } = options;
  const { pino } = commonJs.pino();
  const destination =
    options.destination ??
    pino.destination(file === undefined ? { fd: 2, sync: true } : { dest: file, mkdir: true, sync: true });
  return pino({ level, redact: { paths: redact, censor: '[redacted]' }, base: null }, destination);
}

const nothing = () => {};

/** For tests and for embedding where nothing is to be logged. */
export const silentLogger: Logger = {
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  trace: nothing,
  child: () => silentLogger as never,
};
