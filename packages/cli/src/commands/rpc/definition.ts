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

// What makes sense only where somebody waits.
const unlikeSending = ['batch', 'batchSleep', 'maxFailures', 'stream', 'table', 'senders', 'display', 'sort'];

export function define(command: Command, shell: Shell): void {
  describe(command, 'Runs an action of an agent on all nodes that match a filter and have the agent.', [
    ['Is everybody well?', 'mco rpc rpcutil ping'],
    [
      'Run Puppet on the web servers, five at a time, and watch',
      'mco rpc puppetd runonce foreground=true -C role::web --batch 5 --stream',
    ],
    [
      'What would be asked, and of whom',
      'mco rpc puppetd disable message="moving house" -F country=mt --dry-run',
    ],
    [
      'One command after the other, on the nodes that did the first',
      'mco rpc puppetd enable -C role::web --json --display ok |\n    mco rpc puppetd runonce --nodes -',
    ],
    ['What an action needs', 'mco help rpc puppetd runonce'],
  ]);
  command
    .argument('<agent>', 'the agent: mco plugin list')
    .argument('<action>', 'its action: mco plugin doc AGENT')
    .argument('[inputs...]', "the action's inputs, each as NAME=VALUE");
  withOutput(withTime(withVolume(withDiscovery(withFilter(command)))));
  addTo(command, groups.request, [
    new Option('-y, --yes', 'change all nodes without being asked'),
    new Option('--nr, --no-results', 'send it, say its id, and wait for no reply').conflicts([
      ...unlikeSending,
      'replyTo',
    ]),
    new Option(
      '-r, --reply-to <session>',
      'the same, and the replies go to your mco listen SESSION',
    ).conflicts([...unlikeSending]),
    new Option('--dry-run', 'send nothing: show who would be asked, and what the DDL says'),
  ]);
  addTo(command, groups.output, [
    new Option('--stream', "an action's output as it comes, each line after the name of its node"),
  ]);
  command.action(
    shell.action(async (agent: string, action: string, words: string[]) =>
      (await import('./rpc.js')).rpc(shell, { agent, action, words }, command.optsWithGlobals<RpcOptions>()),
    ),
  );
}
