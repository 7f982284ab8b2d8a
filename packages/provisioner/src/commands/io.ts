import { type Client, type ClientConfig, connect } from '@troupe/client';
import type { Logger, LogOutput } from '@troupe/core';
import { outputOf, reopenSignals } from '@troupe/core/internal';

/** Input and output of the commands, replaceable in tests. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** What the two are connected to, for the format of the log. */
  readonly outputs: { readonly out: LogOutput; readonly err: LogOutput };
  /** Whether people read what goes to standard output, on a screen that can be cleared. */
  readonly isScreen: boolean;
  /** Columns of that screen; in a file or a pipe nothing limits a line. */
  readonly columns: number | undefined;
  clear(): void;
  connect(config: ClientConfig, log: Logger): Promise<Client>;
  /** The JSON of a page of this host; undefined if there is none. */
  page(url: string): Promise<unknown>;
  /** Calls the listener at each request to end, until the result is called. */
  onSignal(listener: () => void): () => void;
  /** Calls the listener with what a promise was rejected with that nobody waits for, until the result is called. */
  onUnhandled(listener: (reason: unknown) => void): () => void;
  /** Calls the listener at each request to open the log again, until the result is called. */
  onReopen(listener: () => void): () => void;
}

/** Milliseconds to wait for a page of this host. */
const patience = 1000;

/** The process's own. */
export const processIo: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  outputs: { out: outputOf(1), err: outputOf(2) },
  isScreen: process.stdout.isTTY === true,
  get columns() {
    return process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
  },
  clear: () => process.stdout.write('\u001b[2J\u001b[H'),
  connect: (config, log) => connect({ config, log }),
  page: async (url) => {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(patience) });
      return answer.ok ? await answer.json() : undefined;
    } catch {
      // No provisioner runs here: what others know is shown.
      return undefined;
    }
  },
  onSignal: (listener) => onSignals(['SIGINT', 'SIGTERM'], listener),
  onReopen: (listener) => onSignals(reopenSignals, listener),
  onUnhandled: (listener) => {
    process.on('unhandledRejection', listener);
    return () => void process.off('unhandledRejection', listener);
  },
};

function onSignals(signals: readonly NodeJS.Signals[], listener: () => void): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
