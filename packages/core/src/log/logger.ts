import type { DestinationStream, Logger as PinoLogger } from 'pino';
import commonJs from '../commonjs.cjs';
import { isText, type LogFormat, type LogOutput, outputOf } from './format.js';
import { LogFile } from './log-file.js';
import { textStream } from './text.js';

export type Logger = Pick<PinoLogger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'child'>;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

// Keys that hold secrets wherever they turn up in what is logged, to a depth of three.
const secretKeys = ['password', 'passphrase', 'token', 'secret', 'authorization', 'privateKey'];
const redact = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto` when absent: text on a terminal and in the journal, otherwise JSON. */
  readonly format?: LogFormat;
  /** Where to, by default standard error. */
  readonly file?: string;
  /** Instead of a file. */
  readonly destination?: DestinationStream;
  /** What is behind that destination; `other` when absent. */
  readonly output?: LogOutput;
  /** Called with each child of the logger, and with theirs. */
  readonly onChild?: (child: PinoLogger) => void;
}

/** A logger of lines, to a file or another destination; secrets are replaced before a line is written. */
export function createLogger(options: LoggerOptions): PinoLogger {
  return loggerTo(openOutput(options), options);
}

function loggerTo({ destination, output }: Output, options: LoggerOptions): PinoLogger {
  const { level, format = 'auto', onChild = () => {} } = options;
  const { pino } = commonJs.pino();
  const log: PinoLogger = pino(
    { level, redact: { paths: redact, censor: '[redacted]' }, base: null, onChild },
    isText(format, output)
      ? textStream(destination, {
          hasPriority: output === 'journal',
          hasStacks: () => log.isLevelEnabled('debug'),
        })
      : destination,
  );
  return log;
}

// By number: the journal is a socket, which cannot be opened by these names.
const standardStreams: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

interface Output {
  readonly destination: DestinationStream;
  readonly output: LogOutput;
  /** Closes the file and writes to this one from now on, the same or another. Throws the system's error. */
  readonly reopen?: (file: string) => void;
  /** Why the file cannot be written now. */
  readonly fault?: () => string | undefined;
}

function openOutput({ destination, output = 'other', file = '/dev/stderr' }: LoggerOptions): Output {
  if (destination) return { destination, output };
  const fd = standardStreams[file];
  if (fd === undefined) {
    const opened = new LogFile(file);
    return { destination: opened, output, reopen: (next) => opened.reopen(next), fault: () => opened.fault };
  }
  const { pino } = commonJs.pino();
  const opened = pino.destination({ fd, sync: true, maxLength: mostUnwritten });
  // Without a listener, a log that cannot be written would end the process. There is no place left to say it.
  opened.on('error', () => {});
  return { destination: opened, output: outputOf(fd) };
}

/** Bytes that are kept while a standard stream cannot be written; lines beyond are lost. */
const mostUnwritten = 1024 * 1024;

/** A logger whose level can be changed, its children's too. */
export interface SwitchedLogger {
  readonly log: PinoLogger;
  setLevel(level: LogLevel): void;
  /**
   * Closes the log file and writes to this one from now on, the same or another, as after a rotation; what the children
   * write, too. Absent if the log is no file. Throws the system's error, and then keeps the old one.
   */
  readonly reopen?: (file: string) => void;
  /** Why the log file cannot be written now, so that lines go to standard error; nothing while it can. */
  readonly fault: () => string | undefined;
}

/** Makes a logger whose level and file can be changed. */
export function createSwitchedLogger(
  options: Pick<LoggerOptions, 'level' | 'format' | 'file'>,
): SwitchedLogger {
  // Each child of pino has its own level from its birth on; the children of a request live as long as it runs.
  const children = new Children();
  const output = openOutput(options);
  const log = loggerTo(output, { ...options, onChild: (child) => children.add(child) });
  return {
    log,
    setLevel: (level) => {
      for (const logger of [log, ...children.all()]) logger.level = level;
    },
    ...(output.reopen && { reopen: output.reopen }),
    fault: () => output.fault?.(),
  };
}

class Children {
  // no peer fills this: it holds loggers of this program
  #references: WeakRef<PinoLogger>[] = [];
  #most = 256;

  add(child: PinoLogger): void {
    if (this.#references.length >= this.#most) {
      this.#references = this.#references.filter((reference) => reference.deref());
      this.#most = Math.max(256, 2 * this.#references.length);
    }
    this.#references.push(new WeakRef(child));
  }

  all(): readonly PinoLogger[] {
    return this.#references.flatMap((reference) => reference.deref() ?? []);
  }
}

/** A logger that is made when it has the first line of its level to write: many a program has none. */
export function lateLogger(level: LogLevel, make: () => Logger): Logger {
  let made: Logger | undefined;
  const logger = () => {
    made ??= make();
    return made;
  };
  const most = level === 'silent' ? -1 : logLevels.indexOf(level);
  const write = (name: Exclude<keyof Logger, 'child'>): Logger['info'] => {
    if (logLevels.indexOf(name) > most) return nothing;
    return (first: unknown, ...rest: unknown[]) => logger()[name](first, ...(rest as [string?]));
  };
  return {
    fatal: write('fatal'),
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    trace: write('trace'),
    child: (bindings) => lateLogger(level, () => logger().child(bindings)) as never,
  };
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
