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

const idText = 'the id that rpc said (-v, --json, or after Ctrl-C)';

export function define(command: Command, shell: Shell): void {
  command.description(
    'What an earlier rpc began. Nodes keep the replies of a request for a while, an hour unless told; without a filter all nodes are asked whether they keep some of it.',
  );
  const list = command.command('list').summary('What nodes keep of your requests');
  describe(list, 'Lists the requests of yours that nodes keep, the newest first, with how each goes on.', [
    ['All of them', 'mco job list'],
    ['Those that go on in one country', 'mco job list --running -F country=mt'],
  ]);
  withJson(withDiscovery(withFilter(list)));
  addTo(list, groups.output, [new Option('--running', 'only those that some node is at work on')]);
  list.action(
    shell.action(async () =>
      (await import('./job-list.js')).listJobs(shell, list.optsWithGlobals<ListOptions>()),
    ),
  );

  const show = command.command('show').summary('Where it goes on, and how it ended where it did not');
  describe(show, 'Says of each node that had the request whether it is at work on it or how it ended.', [
    ['Of all nodes', 'mco job show 0123456789abcdef0123456789abcdef'],
  ]);
  withJson(withDiscovery(withFilter(show.argument('<id>', idText))));
  show.action(
    shell.action(async (id: string) =>
      (await import('./job.js')).showJob(shell, id, show.optsWithGlobals<JobOptions>()),
    ),
  );

  const attach = command.command('attach').summary('Wait for it, as if this were the mco that began it');
  describe(attach, 'Gets what nodes kept of a request, and waits for the rest.', [
    [
      'From another terminal, with the output so far',
      'mco job attach 0123456789abcdef0123456789abcdef --stream',
    ],
  ]);
  withOutput(withDiscovery(withFilter(attach.argument('<id>', idText))));
  addTo(attach, groups.output, [new Option('--stream', 'output as it comes, and what was kept of it')]);
  attach.action(
    shell.action(async (id: string) =>
      (await import('./job.js')).attachTo(shell, id, attach.optsWithGlobals<AttachOptions>()),
    ),
  );

  const cancel = command.command('cancel').summary('End it where it goes on');
  describe(cancel, 'Ends a request on the nodes that are at work on it.', [
    ['On all of them', 'mco job cancel 0123456789abcdef0123456789abcdef'],
  ]);
  withJson(withDiscovery(withFilter(cancel.argument('<id>', idText))));
  cancel.action(
    shell.action(async (id: string) =>
      (await import('./job.js')).cancelJob(shell, id, cancel.optsWithGlobals<JobOptions>()),
    ),
  );
}
