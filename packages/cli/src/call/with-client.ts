import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type ClientConfig, connect } from '@troupe/client';
import { createLogger, isTraceparent, type Logger, lateLogger } from '@troupe/core';
import { withCode } from '@troupe/core/internal';
import { plainLine } from '../output/plain.js';
import type { Screen } from '../terminal/screen.js';
import { earlierIn } from './reach.js';

/** Runs `work` with a connected client, under the name of a session if one is given, and closes it whatever happens. */
export async function withClient<T>(
  screen: Screen,
  config: ClientConfig,
  work: (client: Client) => Promise<T>,
  session?: string,
): Promise<T> {
  const notes = new Notes(screen);
  const client = await connect({
    config,
    log: loggerOf(screen, config, notes),
    earlier: earlierIn(config),
    ...(session === undefined ? {} : { session }),
    ...traceOf(process.env),
  });
  notes.release();
  try {
    return await work(client);
  } finally {
    await Promise.race([client.close(), delay(leaving, undefined, { ref: false })]);
  }
}

// An invalid one is ignored, as the specification says: the trace is not what the command is for.
function traceOf({ TRACEPARENT: traceparent = '' }: NodeJS.ProcessEnv): { readonly traceparent?: string } {
  return isTraceparent(traceparent) ? { traceparent } : {};
}

/** Milliseconds for the disconnection from the broker. */
const leaving = 1_000;

/** The number of distinct log lines that are shown; more of them do not help. */
const mostLines = 10;

// The log of the library: whole lines if the configuration names a format, otherwise notes for a person, each once.
function loggerOf(screen: Screen, config: ClientConfig, notes: Notes): Logger {
  const { level, format } = config.log;
  const shownLevel = screen.isVerbose && level === 'warn' ? 'info' : level;
  const write =
    format === 'auto' ? (line: string) => notes.write(line) : (line: string) => screen.warn(line.trimEnd());
  // Notes are made from JSON.
  const made = format === 'text' ? format : 'json';
  return lateLogger(shownLevel, () =>
    createLogger({ level: shownLevel, format: made, destination: { write } }),
  );
}

/** Log lines as notes for a person. Until the client has connected, failed attempts are held back: if it cannot connect, its error has the reason. */
class Notes {
  readonly #screen: Screen;
  readonly #shown = new Set<string>();
  #held: string[] | undefined = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  write(text: string): void {
    const line = plainLine(lineOf(text));
    if (this.#held && line.startsWith(failedAttempt)) this.#held.push(line);
    else this.#show(line);
  }

  release(): void {
    const lines = this.#held ?? [];
    this.#held = undefined;
    for (const line of lines) this.#show(line);
  }

  #show(line: string): void {
    if (this.#shown.has(line) || this.#shown.size >= mostLines) return;
    this.#shown.add(line);
    this.#screen.warn(this.#screen.paintNote('yellow', `mco: ${line}`));
  }
}

const failedAttempt = 'cannot connect to the broker';

function lineOf(text: string): string {
  const { msg, url, reason, err, code } = JSON.parse(text) as Record<string, unknown>;
  const place = url === undefined ? '' : ` ${url}`;
  const why = reason ?? (err as { message?: string } | undefined)?.message;
  if (why === undefined) return `${msg}${place}`;
  const line = `${msg}${String(why).includes(String(url)) ? '' : place}: ${why}`;
  return code === undefined ? line : withCode(line, String(code));
}
