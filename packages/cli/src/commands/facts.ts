import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { callWork } from '../calling.js';
import type { FactsOptions } from '../definitions/facts.js';
import type { ExitCode } from '../exit.js';
import { FactsPresenter } from '../output/facts.js';
import { selectionOf } from '../selection.js';
import { readConfig, withClient } from '../session.js';
import type { Shell } from '../shell.js';
import { workOf } from '../work.js';

/** Counts the values of a fact. */
export async function facts({ screen }: Shell, fact: string, options: FactsOptions): Promise<ExitCode> {
  const config = readConfig(options);
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
