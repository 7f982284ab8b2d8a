import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import { addTo, groups, withDiscovery, withFilter, withJson } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { FactsOptions } from './facts.js';

export function define(command: Command, shell: Shell): void {
  describe(command, 'Says which values a fact has, and on how many nodes each.', [
    ['Operating systems of the fleet', 'mco facts os.name'],
    ['The same, with the names of the nodes', 'mco facts os.name -v'],
  ]);
  command.argument('<fact>', 'the name of a fact; dots lead into structured facts');
  withJson(withDiscovery(withFilter(command)));
  addTo(command, groups.output, [new Option('-r, --reverse', 'the rarest value first')]);
  command.action(
    shell.action(async (fact: string) =>
      (await import('./facts.js')).facts(shell, fact, command.optsWithGlobals<FactsOptions>()),
    ),
  );
}
