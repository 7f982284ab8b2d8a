import { type Command, Option } from 'commander';
import { describe } from '../description.js';
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
import type { Shell } from '../shell.js';

/** What mco inventory takes as options. */
export type InventoryOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions & { readonly json?: true; readonly facts: boolean; readonly listCollectives?: true };

export function define(command: Command, shell: Shell): void {
  describe(command, 'Says all about one node, or which collectives there are.', [
    ['One node', 'mco inventory web1.example.net'],
    ['The collectives, and how many nodes are in each', 'mco inventory --list-collectives'],
  ]);
  command.argument('[node]', 'the identity of a node');
  withJson(withDiscovery(withFilter(command)));
  addTo(command, groups.output, [
    new Option('--no-facts', 'leave out the facts'),
    new Option('--lc, --list-collectives', 'the collectives of all nodes that match the filter'),
  ]);
  command.action(
    shell.action(async (node: string | undefined) =>
      (await import('../commands/inventory.js')).inventory(
        shell,
        node,
        command.optsWithGlobals<InventoryOptions>(),
      ),
    ),
  );
}
