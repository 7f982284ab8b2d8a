import type { Command } from 'commander';
import { describe } from '../description.js';
import { ExitCode } from '../exit.js';
import {
  type DiscoveryOptions,
  type FilterOptions,
  type GlobalOptions,
  withDiscovery,
  withFilter,
  withJson,
} from '../options.js';
import { printJson } from '../output/json.js';
import { presenceNotes } from '../output/presence.js';
import { span } from '../output/wording.js';
import { selectionOf } from '../selection.js';
import { readConfig, withClient } from '../session.js';
import type { Shell } from '../shell.js';

type FindOptions = GlobalOptions & FilterOptions & DiscoveryOptions & { readonly json?: true };

export function define(command: Command, shell: Shell): void {
  describe(command, 'Prints the names of the nodes that match a filter, one on each line.', [
    ['The nodes in one country that have the agent puppetd', 'mco find -F country=mt -A puppetd'],
    [
      'Names for a later command',
      'mco find -C role::web > web.txt && mco rpc puppetd status --nodes web.txt',
    ],
  ]);
  withJson(withDiscovery(withFilter(command)));
  command.action(shell.action(() => find(shell, command.optsWithGlobals<FindOptions>())));
}

async function find({ screen }: Shell, options: FindOptions): Promise<ExitCode> {
  const config = readConfig(options);
  const filter = await selectionOf(options);
  return withClient(screen, config, async (client) => {
    // Names are checked too: a name that nobody bears is not printed.
    const found = await client.ping({
      filter: client.filter(filter),
      collective: options.target ?? client.mainCollective,
      ...(options.discoveryTimeout === undefined ? {} : { window: options.discoveryTimeout }),
    });
    if (options.json) printJson(screen, found.nodes);
    else for (const node of found.nodes) screen.print(node);
    if (found.nodes.length === 0) screen.warn('mco: no node matches');
    if (screen.isVerbose)
      screen.note(`\nFound ${found.nodes.length} in ${span(found.seconds)} by asking all nodes`);
    if (screen.isVerbose || found.silent.length > 0) presenceNotes(screen, found, filter);
    if (found.nodes.length === 0) return ExitCode.error;
    return found.silent.length > 0 ? ExitCode.partialSilence : ExitCode.ok;
  });
}
