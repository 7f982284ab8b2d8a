import type { State } from '@troupe/client';
import type { StatusCode } from '@troupe/core';
import { statusWord } from '../../../output/wording.js';
import type { Explanation } from './explanation.js';

type Ending = Exclude<State, 'ok' | 'failed'>;

/** How a node's part of a call ended, by `state`. */
const byState: Readonly<Record<Ending, Explanation>> = {
  denied: {
    summary: 'the policy of the node does not allow the call',
    meaning: 'The node authenticated you, and its policy denies the call. The action was not run there.',
    causes: [
      'No line of the policy of the agent allows this caller, action, or host.',
      'The node has no policy for the agent: without one, nodes refuse all agents except `rpcutil` and `discovery`.',
      'The policy file on the node has an error or a wrong name, so the node denies all calls that it is for.',
    ],
    actions: [
      'If the node has no policy: `mco policy init` writes a first one; `authorization.policies` in `mcod.yaml` names its folder.',
      '`mco policy explain --caller NAME --agent AGENT --action ACTION --node NODE POLICY` shows which line decides.',
      'The log and the audit log of the node have the line that decided.',
    ],
  },
  timeout: {
    summary: 'the action exceeded its time limit',
    meaning: 'The node stopped the action at its time limit (`--timeout`, at most the timeout in the DDL).',
    causes: ['The action is slow on this host, or hangs.', 'The time limit is too short.'],
    actions: [
      'Increase the time limit with `--timeout`, up to the timeout in the DDL.',
      'Check the load, the disks and locks of the host.',
    ],
  },
  offline: {
    summary: 'the node is not connected to the broker',
    meaning:
      'The broker reports that the node is not connected. If it disconnected after the request was sent, it may have started the action.',
    causes: [
      'The host is down or has no network.',
      'Its daemon is not running, or cannot connect to the broker.',
    ],
    actions: [
      'On the host: `systemctl status mcod`, and `mco doctor --local`.',
      'If the request was sent before it disconnected: `mco job show ID` when it is online again.',
    ],
  },
  expired: {
    summary: 'the request was too old or from the future',
    meaning:
      'By the clock of the node, the request was older than its time to live, or more than 60 s ahead. The action was not run. ' +
      'The message has the time of both clocks.',
    causes: [
      'The clock of the node or of this machine is wrong.',
      'The broker delivered the request too late.',
    ],
    actions: [
      'Check NTP on both machines: `timedatectl`. `mco doctor` lists the nodes whose clock is wrong.',
      'If the network is slow, increase the time to live with `--ttl`.',
    ],
  },
  'ddl-mismatch': {
    summary: 'the node has another DDL that does not allow the call',
    meaning:
      'A node runs a request only if it was made under the DDL that the node itself has. This node has another one, and the input ' +
      'could not be sent under it. The action was not run there.',
    causes: [
      'The node has another version of the agent: an upgrade is not finished, or was rolled back.',
      'The DDL of the node does not allow the input, or has no such action.',
      'Under the DDL of the node the action can change the host, and this was not confirmed.',
      'The nodes of the call have more than four different DDLs of the agent.',
    ],
    actions: [
      '`mco doctor` lists the agents that differ between nodes; the message names the version on the node.',
      'Install the same version of the agent on all nodes, or call the nodes with the other version alone (`-I NODE`).',
    ],
  },
  'no-reply': {
    summary: 'the node did not reply, even after retries',
    meaning:
      'The request was sent to the node several times and no reply arrived. The node may or may not have run the action.',
    causes: [
      'The node does not trust your certificate: its log has a rejected message with the reason.',
      'Its daemon hangs, or the host is overloaded.',
      'No node has this name.',
    ],
    actions: [
      'Read the log of `mcod` on the node at that time, and run `mco doctor`.',
      '`mco job show ID` queries the state of the request again.',
    ],
  },
  cancelled: {
    summary: 'the action was cancelled while it ran',
    meaning: 'The caller cancelled the request, or the daemon on the node was stopped while the action ran.',
    causes: ['`mco job cancel`, or a second Ctrl-C.', '`mcod` was stopped or restarted.'],
    actions: ['Check the host: the action may have done a part of its work.'],
  },
  unknown: {
    summary: 'the node does not know the outcome of the request',
    meaning: 'The node started the action and does not know how it ended. It does not run it again.',
    causes: [
      'The daemon or the host was restarted while the action ran.',
      'The request is so old that the node no longer keeps its reply.',
    ],
    actions: ['Check on the host what was done, then send a new request if necessary.'],
  },
  'not-asked': {
    summary: 'the request was not sent to this node',
    meaning: 'The call ended before the batch with this node was sent. The action was not run there.',
    causes: ['More nodes failed than `--max-failures` allows.', 'Ctrl-C between two batches.'],
    actions: [
      'Check the nodes that failed, then call the remaining ones: `--nodes` accepts the JSON output of the call.',
    ],
  },
};

/** The same for `failed`, by `statuscode`. */
const byStatus: Readonly<Record<Exclude<StatusCode, 0>, Explanation>> = {
  1: {
    summary: 'the action failed or was refused',
    meaning: 'Status 1: the agent reports that the action failed. Its message has the reason.',
    causes: [
      'The reason in the message, which comes from the agent.',
      'The node is busy or is restarting, if that is the reason in the message.',
    ],
    actions: ['Read the message of the node; the log of `mcod` there has more details.'],
  },
  2: {
    summary: 'the node does not have this agent or action',
    meaning: 'Status 2: the node is reachable, but the agent is not loaded, or has no action of this name.',
    causes: [
      'The version of the agent on the node differs from the local DDL.',
      'The agent could not be loaded: the log of `mcod` has the reason.',
    ],
    actions: ['`mco inventory NODE` lists its agents with their versions.'],
  },
  3: {
    summary: 'an input that the action needs is missing',
    meaning: 'Status 3: the node checked the inputs against its own DDL, and one is missing.',
    causes: ['The version of the agent on the node differs from the local DDL.'],
    actions: [
      '`mco help rpc AGENT ACTION` shows the inputs in the local DDL; `mco inventory NODE` shows the agents on the node.',
    ],
  },
  4: {
    summary: 'an input or the filter is not valid on the node',
    meaning:
      'Status 4: the node checked the request against its own DDL or evaluated its filter, and refused it.',
    causes: [
      'A value that the DDL of the node does not allow.',
      'A filter with a data function that the node does not have.',
    ],
    actions: ['The message of the node names the input or the part of the filter.'],
  },
  5: {
    summary: 'the agent raised an unexpected error',
    meaning:
      'Status 5: an exception in the agent. The caller gets a general message; the details are in the log of the node.',
    causes: ['A bug in the agent, or a state of the host that it does not expect.'],
    actions: ['Read the log of `mcod` on the node: it has the error with a stack trace.'],
  },
};

/** The explanations by the words that `mco` shows, such as `No Reply`; and by the `state` of the JSON, if it is another word. */
export function endings(): readonly {
  readonly names: readonly string[];
  readonly explanation: Explanation;
}[] {
  const states = Object.entries(byState).map(([name, explanation]) => {
    const state = name as Ending;
    return { names: [statusWord({ state, statuscode: 1 }), state], explanation };
  });
  const statuses = Object.entries(byStatus).map(([code, explanation]) => {
    return { names: [statusWord({ state: 'failed', statuscode: Number(code) })], explanation };
  });
  return [...states, ...statuses];
}
