import type { Explanations } from './explanation.js';

/** Errors of nodes without a reply, and other errors. */
export const nodes = {
  NO_NODES: {
    summary: 'no node matches the filter',
    meaning: 'No node in the collective matches the filter and has the agent, so no action was run.',
    causes: [
      'The filter is too narrow. Facts are case-sensitive: `Debian` does not match `debian`.',
      'The nodes are offline, or in another collective (`-T`).',
      'No node has the agent.',
      'The region of the nodes is cut off: see the line `Out of reach`.',
      'A list of nodes (`--nodes`) is empty.',
    ],
    actions: [
      '`mco ping` shows which nodes respond; `mco facts NAME` shows the values of a fact.',
      '`mco describe-filter` with the same options explains which nodes the filter matches.',
      'If `mco ping` shows no nodes: run `mco doctor`, then `mco doctor --local` on a node.',
    ],
  },
  DISCOVERY_FAILED: {
    summary: 'a discovery method could not find nodes',
    meaning:
      'The source of node names (`--dm`, `--nodes`) could not be queried, or did not return a list of nodes.',
    causes: [
      'PuppetDB cannot be reached, or does not accept the certificate.',
      'A discovery program failed. The message has its output.',
      'An inventory or a list with an invalid name, an unknown group, or invalid YAML.',
    ],
    actions: [
      '`mco help discovery` lists the discovery methods and their options.',
      'Omit `--dm` to discover the nodes over the network.',
    ],
  },
  REQUEST_UNKNOWN: {
    summary: 'no node has this request',
    meaning: 'No node has a request from you with this id, so there is nothing to show, attach to or cancel.',
    causes: [
      'The request has expired: nodes keep the replies to a request for a limited time.',
      'The daemons were restarted since then.',
      'The request is in another collective (`-T`), or another caller sent it.',
    ],
    actions: ['`mco job list` lists your requests that nodes still keep.'],
  },
  MESSAGE_UNKNOWN: {
    summary: 'no node has this notification in its spool',
    meaning: 'No queried node has a waiting or dead notification with this id.',
    causes: [
      'The notification was delivered or discarded in the meantime.',
      'It is on a node that the filter excludes.',
    ],
    actions: ['`mco notify spool` lists the notifications with their ids.'],
  },
  NODE_SILENT: {
    summary: 'the node did not reply to mcprovision',
    meaning:
      '`mcprovision` called a node and got no reply in any collective. The message lists what was tried.',
    causes: [
      'The machine is down, or its daemon is not running or not connected to the broker.',
      'The name is wrong: a machine may have a different name before it is provisioned.',
      'The clock of the machine is so wrong that it refuses requests. The message has both times.',
    ],
    actions: [
      '`mco ping -T provisioning` and `mco ping` show which nodes respond in each collective.',
      'On the machine: `systemctl status mcod`, and its log.',
    ],
  },
  NODE_FAILED: {
    summary: 'the node refused or failed a request of mcprovision',
    meaning:
      '`mcprovision` called a node, and the node replied with an error. The message ends with the text of the reply.',
    causes: [
      'The policy of the node does not allow this provisioner to call the agent.',
      'Another provisioner is working on the node.',
      'The action failed on the node.',
    ],
    actions: [
      '`mcprovision explain NODE` shows what happened on the node so far.',
      'The log of `mcod` on the node has the details.',
    ],
  },
  RUNTIME_TOO_OLD: {
    summary: 'this version of Node.js is too old',
    meaning: 'Troupe needs a newer version of Node.js than the one that ran the program.',
    causes: ['The first `node` in `PATH` is the version of the distribution.'],
    actions: ['Install the version that the message names; `node --version` shows the version in use.'],
  },
  INTERNAL_ERROR: {
    summary: 'an error without a specific code',
    meaning:
      'An error that Troupe has no specific code for: from the operating system, a CA or an application package, or ' +
      'a bug in Troupe.',
    causes: [
      'The message begins with a code of the operating system: EACCES (permission), ENOSPC (disk full), EADDRINUSE (port taken), EMFILE (too many open files).',
      'An application package failed, or the CA of `mco keys --cadir` refused the request.',
      'A bug in Troupe.',
    ],
    actions: [
      'Run the command again with `--verbose`: it prints a stack trace.',
      'If the message does not name a cause that you can correct, report the error with that output.',
    ],
  },
} as const satisfies Explanations;
