import { setTimeout as delay } from 'node:timers/promises';
import { type Client, type ClientConfig, connect, findClientConfig, loadClientConfig } from '@troupe/client';
import { createLogger, type Logger, lateLogger } from '@troupe/core';
import type { GlobalOptions } from '../command-line/options.js';
import { sayFailure } from '../failure.js';
import { counted } from '../output/wording.js';
import type { Screen } from '../terminal/screen.js';

/** Reads the configuration that the options name, or the one that is found. Throws FILE_UNREADABLE, CONFIG_INVALID. */
export function readConfig(options: Pick<GlobalOptions, 'config'>): ClientConfig {
  return loadClientConfig(findClientConfig(options.config));
}

/** Runs `work` with a connected client, under a session's name where others know it, and closes it whatever happens. */
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

/** Milliseconds for taking leave of the broker. */
const leaving = 1_000;

/** What else is known where nobody matched. */
export interface Nobody {
  /** The agent that was to do something. */
  readonly agent?: string;
  /** What comes of it, to be said first. */
  readonly before?: string;
  /** How many may match and said nothing. */
  readonly silent?: number;
}

/** Says that nobody in a collective matches, and how many are there. */
export async function sayThatNobodyAnswered(
  screen: Screen,
  client: Client,
  collective: string,
  { agent, before = '', silent = 0 }: Nobody = {},
): Promise<void> {
  const online = (await client.presence(collective)).online().length;
  const there = online === 0 ? 'no node is known to be online' : `${counted(online)} online`;
  const having = agent === undefined ? '' : ` the filter and has the agent "${agent}"`;
  const matches = silent === 0 ? 'matches' : 'said that it matches';
  const message = `${before}no node in "${collective}" ${matches}${having} (${there})`;
  sayFailure(screen, { code: 'NO_NODES', message });
}

/** Distinct lines of the log that are shown; more of them help nobody. */
const mostLines = 10;

// The log of the library as lines for a person, each once.
function loggerOf(screen: Screen, config: ClientConfig): Logger {
  const { level } = config.log;
  const shown = new Set<string>();
  const write = (text: string) => {
    const line = lineOf(text);
    if (shown.has(line) || shown.size >= mostLines) return;
    shown.add(line);
    screen.warn(screen.paintNote('yellow', `mco: ${line}`));
  };
  const shownLevel = screen.isVerbose && level === 'warn' ? 'info' : level;
  return lateLogger(shownLevel, () => createLogger({ level: shownLevel, destination: { write } }));
}

function lineOf(text: string): string {
  const { msg, url, reason, err } = JSON.parse(text) as Record<string, unknown>;
  const place = url === undefined ? '' : ` ${url}`;
  const why = reason ?? (err as { message?: string } | undefined)?.message;
  return why === undefined
    ? `${msg}${place}`
    : `${msg}${String(why).includes(String(url)) ? '' : place}: ${why}`;
}
