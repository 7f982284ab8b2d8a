import { readFactPath } from '@troupe/core/internal';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { callWork } from '../../call/calling.js';
import { selectionOf } from '../../call/selection.js';
import { withClient } from '../../call/with-client.js';
import { workOf } from '../../call/work.js';
import type { DiscoveryOptions, FilterOptions, GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import type { ExitCode } from '../../exit.js';
import { FactsPresenter } from '../../output/facts.js';

/** The options of mco facts. */
export type FactsOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions & { readonly json?: true; readonly reverse?: true };

/** Counts the values of a fact. */
export async function facts({ screen }: Shell, fact: string, options: FactsOptions): Promise<ExitCode> {
  readFactPath(fact); // Before anything is sent.
  const config = readClientConfig(options);
  const filter = await selectionOf(options);
  const work = workOf(rpcutil, 'get_fact', { fact });
  return withClient(screen, config, (client) =>
    callWork(work, {
      screen,
      client,
      collective: options.target ?? client.mainCollective,
      filter,
      presenter: new FactsPresenter(screen, fact, options),
      options: { ...options, progress: true },
    }),
  );
}
