import type { Session } from '@troupe/client/application';
import { confirm } from '../call/confirmation.js';
import { Interruption } from '../call/interruption.js';
import { selectionOf } from '../call/selection.js';
import { withClient } from '../call/with-client.js';
import type { DiscoveryOptions, FilterOptions, GlobalOptions } from '../command-line/options.js';
import { readClientConfig } from '../config/client-config.js';
import { ExitCode } from '../exit.js';
import { printApplicationFailure, printFailure } from '../failure.js';
import type { Screen } from '../terminal/screen.js';

/** The options of every command of an application. */
export type NodesOptions = GlobalOptions &
  FilterOptions &
  Pick<DiscoveryOptions, 'nodes'> & { readonly json?: true; readonly yes?: true };

/** Does the work of an application's command with a connected client; the exit code is the work's own. */
export async function runInSession(
  screen: Screen,
  options: NodesOptions,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const config = readClientConfig(options);
  const filter = await selectionOf(options);
  const interruption = new Interruption(screen);
  // A work that does not end by the first signal must not be proof against the second.
  interruption.signal.addEventListener('abort', () => interruption.stop(), { once: true });
  try {
    const code = await withClient(screen, config, (client) =>
      work({
        client,
        collective: options.target ?? client.mainCollective,
        filter,
        signal: interruption.signal,
        json: screen.json,
        isWatched: screen.stdout.isTTY === true,
        print: (line) => (screen.json ? screen.warn(line) : screen.print(line)),
        note: (line) => screen.note(line),
        fail: (failure) => printApplicationFailure(screen, failure),
        confirm: async (question) => options.yes === true || isConfirmed(screen, question),
      }),
    );
    if (interruption.exitCode !== undefined && !screen.json)
      screen.note('Interrupted: actions that have begun continue on their nodes');
    return code === ExitCode.interrupted ? (interruption.exitCode ?? code) : code;
  } finally {
    interruption.stop();
  }
}

async function isConfirmed(screen: Screen, question: string): Promise<boolean> {
  const refusal = `${question} There is no terminal to ask on: add a filter or --yes`;
  const isMeant = await confirm(screen, question, refusal);
  if (!isMeant)
    printFailure(screen, { code: 'NOT_CONFIRMED', message: 'not confirmed: the request was not sent' });
  return isMeant;
}
