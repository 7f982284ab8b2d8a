import type { Command } from 'commander';
import { describe } from '../description.js';
import { type GlobalOptions, withJson, withTarget } from '../options.js';
import type { Shell } from '../shell.js';

/** What mco plugin takes as options. */
export type PluginOptions = GlobalOptions & { readonly json?: true; readonly target?: string };

export function define(command: Command, shell: Shell): void {
  command.description('What agents there are, and what they can do.');
  const list = command.command('list').summary('Agents whose DDL is on this machine');
  describe(list, 'Lists the agents whose DDL is on this machine.', [['All of them', 'mco plugin list']]);
  withJson(list).action(
    shell.action(async () =>
      (await import('../commands/plugin.js')).listAgents(shell, list.optsWithGlobals<PluginOptions>()),
    ),
  );

  const doc = command.command('doc').summary('What an agent can do, from its DDL');
  describe(doc, "Shows an agent's DDL as a page. A DDL that is not on this machine is fetched from a node.", [
    ['An agent', 'mco plugin doc puppetd'],
    ['One of its actions', 'mco plugin doc puppetd runonce'],
  ]);
  doc.argument('[agent]', 'the agent, as in mco plugin list').argument('[action]', 'one of its actions');
  withTarget(withJson(doc)).action(
    shell.action(async (agent: string | undefined, action: string | undefined) => {
      const options = doc.optsWithGlobals<PluginOptions>();
      const { document, listAgents } = await import('../commands/plugin.js');
      return agent === undefined
        ? listAgents(shell, options)
        : document(shell.screen, agent, action, options);
    }),
  );
}
