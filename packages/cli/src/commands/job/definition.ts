import { type Command, Option } from 'commander';
import { describe } from '../../command-line/description.js';
import {
  addTo,
  groups,
  withDiscovery,
  withFilter,
  withJson,
  withOutput,
} from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { AttachOptions, JobOptions } from './job.js';
import type { ListOptions } from './job-list.js';

const idText = 'request id, printed by mco rpc with -v, with --json or after Ctrl-C';

export function define(command: Command, shell: Shell): void {
  command.description(
    'Shows and controls earlier requests. Nodes keep the replies to a request for a limited time (default: 1 hour). Commands query all nodes unless a filter is given.\nExit codes: see mco help exit-codes.',
  );
  const list = command.command('list').summary('List your requests that nodes still keep');
  describe(
    list,
    'Lists your requests that nodes still keep, newest first, with the state of each.\nExit codes: see mco help exit-codes.',
    [
      ['All your requests', 'mco job list'],
      ['Requests that are still running in one country', 'mco job list --running -F country=mt'],
    ],
  );
  withJson(withDiscovery(withFilter(list)));
  addTo(list, groups.output, [
    new Option('--running', 'list only requests that are still running on at least one node'),
  ]);
  list.action(
    shell.action(async () =>
      (await import('./job-list.js')).listJobs(shell, list.optsWithGlobals<ListOptions>()),
    ),
  );

  const show = command.command('show').summary('Show the state of a request on each node');
  describe(
    show,
    'Shows, for each node that received the request, whether the action is still running or how it ended.\nExit codes: see mco help exit-codes.',
    [['The state on all nodes', 'mco job show 0123456789abcdef0123456789abcdef']],
  );
  withJson(withDiscovery(withFilter(show.argument('<id>', idText))));
  show.action(
    shell.action(async (id: string) =>
      (await import('./job.js')).showJob(shell, id, show.optsWithGlobals<JobOptions>()),
    ),
  );

  const attach = command.command('attach').summary('Print the replies to a request and wait for the rest');
  describe(
    attach,
    'Fetches the replies that nodes have kept, and waits for the remaining ones, as the original mco rpc would.\nExit codes: see mco help exit-codes.',
    [
      [
        'From another terminal, including the output so far',
        'mco job attach 0123456789abcdef0123456789abcdef --stream',
      ],
    ],
  );
  withOutput(withDiscovery(withFilter(attach.argument('<id>', idText))));
  addTo(attach, groups.output, [
    new Option('--stream', 'print the output of the action when it arrives, including the output so far'),
  ]);
  attach.action(
    shell.action(async (id: string) =>
      (await import('./job.js')).attachTo(shell, id, attach.optsWithGlobals<AttachOptions>()),
    ),
  );

  const cancel = command.command('cancel').summary('Cancel a request on the nodes where it is running');
  describe(
    cancel,
    'Cancels a request on the nodes where it is still running.\nExit codes: see mco help exit-codes.',
    [['On all nodes', 'mco job cancel 0123456789abcdef0123456789abcdef']],
  );
  withJson(withDiscovery(withFilter(cancel.argument('<id>', idText))));
  cancel.action(
    shell.action(async (id: string) =>
      (await import('./job.js')).cancelJob(shell, id, cancel.optsWithGlobals<JobOptions>()),
    ),
  );
}
