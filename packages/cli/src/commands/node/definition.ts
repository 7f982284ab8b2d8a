import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import {
  addTo,
  groups,
  withDiscovery,
  withFilter,
  withJson,
  withOutput,
  withTarget,
} from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { RpcOptions } from '../rpc/rpc.js';
import type { ForgetOptions } from './forget.js';

export function define(command: Command, shell: Shell): void {
  command.description(
    'Pauses and resumes nodes, and removes nodes that no longer exist from the lists of offline nodes.\nExit codes: see mco help exit-codes.',
  );
  const call = (action: string) => async (options: RpcOptions & { readonly reason?: string }) => {
    const words = options.reason === undefined ? [] : [`reason=${options.reason}`];
    return (await import('../rpc/rpc.js')).rpc(
      shell,
      { agent: 'node', action, words },
      { ...options, results: true },
    );
  };

  const pause = command.command('pause').summary('Let nodes run only actions that do not change them');
  describe(
    pause,
    'Pauses nodes: until they are resumed, also over restarts, they refuse all actions that change them. Actions that are running continue. The agent node needs a policy.\nExit codes: see mco help exit-codes.',
    [['Pause a node while it is repaired', 'mco node pause -I web1.example.net --reason "disk replacement"']],
  );
  withOutput(withDiscovery(withFilter(pause)));
  addTo(pause, groups.request, [
    new Option('--reason <text>', 'reason, shown to callers whose requests the nodes refuse'),
    new Option('-y, --yes', 'do not ask for confirmation before pausing all nodes'),
  ]);
  pause.action(shell.action(() => call('pause')(pause.optsWithGlobals())));

  const resume = command.command('resume').summary('End the pause of nodes');
  describe(resume, 'Ends the pause of nodes.\nExit codes: see mco help exit-codes.', [
    ['Resume a node', 'mco node resume -I web1.example.net'],
  ]);
  withOutput(withDiscovery(withFilter(resume)));
  addTo(resume, groups.request, [
    new Option('-y, --yes', 'do not ask for confirmation before resuming all nodes'),
  ]);
  resume.action(shell.action(() => call('resume')(resume.optsWithGlobals())));

  const state = command.command('state').summary('Show which nodes are paused, by whom and why');
  describe(state, 'Shows which nodes are paused, by whom and why.\nExit codes: see mco help exit-codes.', [
    ['The nodes of a country', 'mco node state -F country=mt'],
  ]);
  withOutput(withDiscovery(withFilter(state)));
  state.action(shell.action(() => call('state')(state.optsWithGlobals())));

  const forget = command.command('forget').summary('Remove nodes that no longer exist from the lists');
  describe(
    forget,
    'Removes the presence records that the broker retains of nodes that no longer exist, so that no command lists them as offline. A node that exists is listed again when it connects. Revoke the certificate of a node as well, so that its name cannot be used.',
    [
      ['A host that was shut down for good', 'mco node forget web7.example.net'],
      ['A node that is shown as online and does not respond', 'mco node forget web7.example.net --force'],
    ],
  );
  forget.argument('<nodes...>', 'names of the nodes');
  withJson(withTarget(forget));
  addTo(forget, groups.request, [
    new Option('--force', 'also remove a node that is shown as online, if it does not respond'),
  ]);
  forget.action(
    shell.action(async (nodes: string[]) =>
      (await import('./forget.js')).forget(shell, nodes, forget.optsWithGlobals<ForgetOptions>()),
    ),
  );
}
