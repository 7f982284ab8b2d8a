import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import {
  addTo,
  groups,
  withDiscovery,
  withFilter,
  withOutput,
  withTime,
  withVolume,
} from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { RpcOptions } from './rpc.js';

// Options that need mco to wait for replies.
const unlikeSending = ['batch', 'batchSleep', 'maxFailures', 'stream', 'table', 'senders', 'display', 'sort'];

export function define(command: Command, shell: Shell): void {
  describe(
    command,
    'Runs an action of an agent on all nodes that match a filter and have the agent.\nExit codes: see mco help exit-codes.',
    [
      ['Check that all nodes respond', 'mco rpc rpcutil ping'],
      [
        'Run Puppet on the web servers, five at a time, and show the output',
        'mco rpc puppetd runonce foreground=true -C role::web --batch 5 --stream',
      ],
      [
        'Show the request and its nodes without sending it',
        'mco rpc puppetd disable message="moving house" -F country=mt --dry-run',
      ],
      [
        'Run a second action on the nodes where the first one succeeded',
        'mco rpc puppetd enable -C role::web --json --display ok |\n    mco rpc puppetd runonce --nodes -',
      ],
      ['Show the inputs of an action', 'mco help rpc puppetd runonce'],
    ],
  );
  command
    .argument('<agent>', 'name of the agent; see mco plugin list')
    .argument('<action>', 'name of the action; see mco plugin doc AGENT')
    .argument('[inputs...]', 'inputs of the action, each as NAME=VALUE');
  withOutput(withTime(withVolume(withDiscovery(withFilter(command)))));
  addTo(command, groups.request, [
    new Option('-y, --yes', 'do not ask for confirmation before changing all nodes'),
    new Option(
      '--nr, --no-results',
      'send the request, print its id and exit without waiting for replies',
    ).conflicts([...unlikeSending, 'replyTo']),
    new Option(
      '--reply-to <session>',
      'as --no-results, but send the replies to a running mco listen <session>, a name that you choose',
    ).conflicts([...unlikeSending]),
    new Option('-r <session>', '').hideHelp(),
    new Option(
      '--dry-run',
      'do not send the request; show which nodes would be called, and the description of the action',
    ),
  ]);
  addTo(command, groups.output, [
    new Option(
      '--stream',
      'print the output of the action when it arrives, each line prefixed with the node name',
    ),
  ]);
  // What it was called before: elsewhere -r reverses an order.
  command.on('option:r', (session: string) => command.setOptionValueWithSource('replyTo', session, 'cli'));
  command.action(
    shell.action(async (agent: string, action: string, words: string[]) =>
      (await import('./rpc.js')).rpc(shell, { agent, action, words }, command.optsWithGlobals<RpcOptions>()),
    ),
  );
}
