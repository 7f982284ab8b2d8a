import type { Command } from 'commander';
import { describe } from '../../command-line/description.js';
import { withDiscovery, withFilter, withJson, withLimit } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { FindOptions } from './find.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Prints the names of the nodes that match a filter, one per line.\nExit codes: see mco help exit-codes.',
    [
      ['The nodes in one country with the agent puppetd', 'mco find -F country=mt -A puppetd'],
      [
        'A tenth of the web servers, the same ones on each run',
        'mco find -C role::web --limit 10% --limit-seed 1',
      ],
      [
        'Save the names for a later command',
        'mco find -C role::web > web.txt && mco rpc puppetd status --nodes web.txt',
      ],
    ],
  );
  withJson(withLimit(withDiscovery(withFilter(command))));
  command.action(
    shell.action(async () => (await import('./find.js')).find(shell, command.optsWithGlobals<FindOptions>())),
  );
}
