import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { type Command, Option } from 'commander';
import { callWork } from '../calling.js';
import { describe } from '../description.js';
import type { ExitCode } from '../exit.js';
import {
  addTo,
  type DiscoveryOptions,
  type FilterOptions,
  type GlobalOptions,
  groups,
  withDiscovery,
  withFilter,
  withJson,
} from '../options.js';
import { FactsPresenter } from '../output/facts.js';
import { selectionOf } from '../selection.js';
import { readConfig, withClient } from '../session.js';
import type { Shell } from '../shell.js';
import { workOf } from '../work.js';

type FactsOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions & { readonly json?: true; readonly reverse?: true };

export function define(command: Command, shell: Shell): void {
  describe(command, 'Says which values a fact has, and on how many nodes each.', [
    ['Operating systems of the fleet', 'mco facts os.name'],
    ['The same, with the names of the nodes', 'mco facts os.name -v'],
  ]);
  command.argument('<fact>', 'the name of a fact; dots lead into structured facts');
  withJson(withDiscovery(withFilter(command)));
  addTo(command, groups.output, [new Option('-r, --reverse', 'the rarest value first')]);
  command.action(shell.action((fact: string) => facts(shell, fact, command.optsWithGlobals<FactsOptions>())));
}

async function facts({ screen }: Shell, fact: string, options: FactsOptions): Promise<ExitCode> {
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
