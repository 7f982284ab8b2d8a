import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, groups, withDiscovery, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { InventoryOptions } from './inventory.js';

export function define(command: Command, shell: Shell): void {
  describe(command, 'Says all about one node, a line about each of many, or which collectives there are.', [
    ['One node', 'mco inventory web1.example.net'],
    ['A line about each web server', "mco inventory -C role::web --format '{identity:30} {facts.os.name}'"],
    ['A picture of the collectives', 'mco inventory --collective-map - | dot -Tsvg > map.svg'],
    ['The collectives, and how many nodes are in each', 'mco inventory --list-collectives'],
  ]);
  command.argument('[node]', 'the identity of a node');
  withJson(withDiscovery(withFilter(command)));
  addTo(command, groups.output, [
    new Option('--no-facts', 'leave out the facts'),
    new Option(
      '--format <template>',
      'a line for each node that matches: {identity}, {facts.NAME}, {classes}, {agents}, {collectives}, {version}; {identity:30} is 30 wide; @FILE reads it from there',
    ).conflicts(['json', 'listCollectives', 'collectiveMap', 'map']),
    new Option('--lc, --list-collectives', 'the collectives of all nodes that match the filter'),
    new Option(
      '--cg, --collective-map <file>',
      'the same as a graph in the language DOT; - is standard output',
    ).conflicts(['json', 'listCollectives']),
    new Option('--map <file>', '').hideHelp(),
  ]);
  command.action(
    shell.action(async (node: string | undefined) =>
      (await import('./inventory.js')).inventory(shell, node, command.optsWithGlobals<InventoryOptions>()),
    ),
  );
}
