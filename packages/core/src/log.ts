import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = Pick<PinoLogger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'child'>;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

// Keys that hold secrets wherever they turn up in what is logged, to a depth of three.
const secretKeys = ['password', 'passphrase', 'token', 'secret', 'authorization', 'privateKey'];
const redact = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** A logger of JSON lines; secrets are replaced before a line is written. Default destination: standard error. */
export function createLogger(options: { level: LogLevel; destination?: DestinationStream }): PinoLogger {
  return pino(
    { level: options.level, redact: { paths: redact, censor: '[redacted]' }, base: null },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** For tests and for embedding where nothing is to be logged. */
export const silentLogger: Logger = pino({ level: 'silent' });
