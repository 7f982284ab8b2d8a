import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, groups, withDiscovery, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { InventoryOptions } from './inventory.js';

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Shows the agents, facts, classes and collectives of one node, one line for each of many nodes, or all collectives.',
    [
      ['One node', 'mco inventory web1.example.net'],
      ['One line for each web server', "mco inventory -C role::web --format '{identity:30} {facts.os.name}'"],
      ['A graph of the collectives as an image', 'mco inventory --collective-map - | dot -Tsvg > map.svg'],
      ['The collectives, and the number of nodes in each', 'mco inventory --list-collectives'],
    ],
  );
  command.argument('[node]', 'identity of the node');
  withJson(withDiscovery(withFilter(command)));
  addTo(command, groups.output, [
    new Option('--no-facts', 'do not show the facts'),
    new Option(
      '--format <template>',
      'print one line for each matching node from this template: {identity}, {facts.NAME}, {classes}, {agents}, {collectives}, {version}; {identity:30} pads to 30 columns; @FILE reads the template from a file',
    ).conflicts(['json', 'listCollectives', 'collectiveMap', 'collectiveGraph', 'map']),
    new Option('--lc, --list-collectives', 'list the collectives of all nodes that match the filter'),
    new Option(
      '--cg, --collective-map <file>',
      'write the collectives as a DOT graph to this file; - for standard output',
    ).conflicts(['json', 'listCollectives']),
    new Option('--collective-graph <file>', '').hideHelp(),
    new Option('--map <file>', '').hideHelp(),
  ]);
  command.action(
    shell.action(async (node: string | undefined) =>
      (await import('./inventory.js')).inventory(shell, node, command.optsWithGlobals<InventoryOptions>()),
    ),
  );
}
