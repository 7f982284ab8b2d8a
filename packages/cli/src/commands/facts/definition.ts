import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, groups, withDiscovery, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { FactsOptions } from './facts.js';

export function define(command: Command, shell: Shell): void {
  describe(command, 'Shows the values of a fact, and the number of nodes with each value.', [
    ['Operating systems of all nodes', 'mco facts os.name'],
    ['The same, with the names of the nodes', 'mco facts os.name -v'],
  ]);
  command.argument('<fact>', 'name of a fact; use dots for nested facts (os.name)');
  withJson(withDiscovery(withFilter(command)));
  addTo(command, groups.output, [new Option('-r, --reverse', 'list the rarest value first')]);
  command.action(
    shell.action(async (fact: string) =>
      (await import('./facts.js')).facts(shell, fact, command.optsWithGlobals<FactsOptions>()),
    ),
  );
}
