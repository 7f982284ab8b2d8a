import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, groups, withDiscovery, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { PingOptions } from './ping.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Pings all nodes that match a filter, and shows the response time of each.\nExit codes: see mco help exit-codes.',
    [
      ['All nodes', 'mco ping'],
      ['The web servers, with a graph of the response times', 'mco ping -C role::web --graph'],
    ],
  );
  withDiscovery(withFilter(command));
  withJson(command);
  addTo(command, groups.output, [new Option('-g, --graph', 'show a histogram of the response times')]);
  command.action(
    shell.action(async () => (await import('./ping.js')).ping(shell, command.optsWithGlobals<PingOptions>())),
  );
}
