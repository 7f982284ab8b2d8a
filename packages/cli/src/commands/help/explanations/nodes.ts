import type { Explanations } from './explanation.js';

/** What went wrong with nodes before, or instead of, replies. */
export const nodes = {
  NO_NODES: {
    summary: 'no node matches',
    meaning: 'No node in the collective matches the filter and has the agent, so nothing was run.',
    causes: [
      'The filter is too narrow: facts are compared with upper and lower case, so `Debian` is not `debian`.',
      'The nodes are offline, or in another collective than the one asked (`-T`).',
      'No node has the agent.',
      'A list of nodes (`--nodes`) is empty.',
    ],
    actions: [
      '`mco ping` shows who answers at all; `mco facts NAME` shows the values of a fact.',
      '`mco describe-filter` with the same options says what the filter means.',
      'If `mco ping` shows nobody: `mco doctor`, then `mco doctor --local` on a node.',
    ],
  },
  DISCOVERY_FAILED: {
    summary: 'a discovery method could not find nodes',
    meaning:
      'The source of node names (`--dm`, `--nodes`) could not be asked, or gave something that is not a list of nodes.',
    causes: [
      'PuppetDB cannot be reached, or does not accept the certificate.',
      'A discovery program failed: the message has what it said.',
      'An inventory or a list with a wrong name, an unknown group, or wrong YAML.',
    ],
    actions: [
      '`mco help discovery` lists the methods and what each one needs.',
      'Leave out `--dm` to let the nodes be found over the network.',
    ],
  },
  REQUEST_UNKNOWN: {
    summary: 'no node has this request',
    meaning: 'No node keeps a request with this id for you: nothing to show, attach to or cancel.',
    causes: [
      'It was too long ago: nodes keep the replies of a request for a limited time.',
      'The daemons were restarted since.',
      'It is in another collective (`-T`), or another caller sent it.',
    ],
    actions: ['`mco job list` lists the requests that nodes keep for you.'],
  },
  MESSAGE_UNKNOWN: {
    summary: 'no node has this notification in its spool',
    meaning: 'No node that was asked has a notification with this id waiting or dead.',
    causes: ['It was delivered or discarded meanwhile.', 'It is on a node that the filter leaves out.'],
    actions: ['`mco notify spool` lists the notifications with their ids.'],
  },
  NODE_SILENT: {
    summary: 'the node that was asked did not answer',
    meaning:
      '`mcprovision` asked a node and got no answer in any collective. The message has what was tried.',
    causes: [
      'The machine is off, or its daemon is not running or not connected.',
      'The name is wrong: a machine may have another name before it is provisioned than after.',
      'Its clock is so far off that it refuses requests: then the message says so.',
    ],
    actions: [
      '`mco ping -T provisioning` and `mco ping` show who answers in each collective.',
      'On the machine: `systemctl status mcod`, and its log.',
    ],
  },
  NODE_FAILED: {
    summary: 'the node that was asked refused or failed',
    meaning:
      '`mcprovision` asked a node, and the node answered with an error. The message ends with its words.',
    causes: [
      'The policy of the node does not let this provisioner call the agent.',
      'Another provisioner works on the node.',
      'The action failed on the node.',
    ],
    actions: [
      '`mcprovision explain NODE` shows what happened on the node so far.',
      'The log of `mcod` on the node has the details.',
    ],
  },
  RUNTIME_TOO_OLD: {
    summary: 'this version of Node.js is too old',
    meaning: 'Troupe needs a newer Node.js than the one that ran the program.',
    causes: ['The `node` that comes first in `PATH` is that of the distribution.'],
    actions: ['Install the version that the message names; `node --version` shows the one in use.'],
  },
  INTERNAL_ERROR: {
    summary: 'an error without a code of its own',
    meaning:
      'Something failed that Troupe has no code for: the operating system, a CA or an application package said no, or ' +
      'there is a defect in Troupe.',
    causes: [
      'The message begins with a code of the operating system: EACCES (permission), ENOSPC (disk full), EADDRINUSE (port taken), EMFILE (too many open files).',
      'An application package failed, or the CA of `mco keys --cadir` refused.',
      'A defect.',
    ],
    actions: [
      'Run the command again with `--verbose`: it shows where the error comes from.',
      'If the message does not name a cause on your side, report it with that output.',
    ],
  },
} as const satisfies Explanations;
