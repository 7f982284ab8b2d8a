import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, groups, withDiscovery, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { PingOptions } from './ping.js';

export function define(command: Command, shell: Shell): void {
  describe(command, 'Asks nodes to answer, and says how fast each one did.', [
    ['All nodes', 'mco ping'],
    ['The web servers, with a graph of the times', 'mco ping -C role::web --graph'],
  ]);
  withDiscovery(withFilter(command));
  withJson(command);
  addTo(command, groups.output, [new Option('-g, --graph', 'how many answered how fast')]);
  command.action(
    shell.action(async () => (await import('./ping.js')).ping(shell, command.optsWithGlobals<PingOptions>())),
  );
}
