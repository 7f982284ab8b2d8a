import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type ClientConfig, connect } from '@troupe/client';
import { createLogger, type Logger, lateLogger } from '@troupe/core';
import { withCode } from '@troupe/core/internal';
import { plainLine } from '../output/plain.js';
import type { Screen } from '../terminal/screen.js';

/** Runs `work` with a connected client, under the name of a session if one is given, and closes it whatever happens. */
export async function withClient<T>(
  screen: Screen,
  config: ClientConfig,
  work: (client: Client) => Promise<T>,
  session?: string,
): Promise<T> {
  const client = await connect({
    config,
    log: loggerOf(screen, config),
    ...(session === undefined ? {} : { session }),
  });
  try {
    return await work(client);
  } finally {
    await Promise.race([client.close(), delay(leaving, undefined, { ref: false })]);
  }
}

/** Milliseconds for the disconnection from the broker. */
const leaving = 1_000;

/** The number of distinct log lines that are shown; more of them do not help. */
const mostLines = 10;

// The log of the library: whole lines if the configuration names a format, otherwise notes for a person, each once.
function loggerOf(screen: Screen, config: ClientConfig): Logger {
  const { level, format } = config.log;
  const shownLevel = screen.isVerbose && level === 'warn' ? 'info' : level;
  const write = format === 'auto' ? noteWriter(screen) : (line: string) => screen.warn(line.trimEnd());
  // Notes are made from JSON.
  const made = format === 'text' ? format : 'json';
  return lateLogger(shownLevel, () =>
    createLogger({ level: shownLevel, format: made, destination: { write } }),
  );
}

function noteWriter(screen: Screen): (line: string) => void {
  const shown = new Set<string>();
  return (text) => {
    const line = plainLine(lineOf(text));
    if (shown.has(line) || shown.size >= mostLines) return;
    shown.add(line);
    screen.warn(screen.paintNote('yellow', `mco: ${line}`));
  };
}

function lineOf(text: string): string {
  const { msg, url, reason, err, code } = JSON.parse(text) as Record<string, unknown>;
  const place = url === undefined ? '' : ` ${url}`;
  const why = reason ?? (err as { message?: string } | undefined)?.message;
  if (why === undefined) return `${msg}${place}`;
  const line = `${msg}${String(why).includes(String(url)) ? '' : place}: ${why}`;
  return code === undefined ? line : withCode(line, String(code));
}
