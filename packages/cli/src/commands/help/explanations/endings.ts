import type { State } from '@troupe/client';
import type { StatusCode } from '@troupe/core';
import { statusWord } from '../../../output/wording.js';
import type { Explanation } from './explanation.js';

type Ending = Exclude<State, 'ok' | 'failed'>;

/** How a node's part of a call ended, by `state`. */
const byState: Readonly<Record<Ending, Explanation>> = {
  denied: {
    summary: 'the policy of the node does not allow the call',
    meaning: 'The node knows who you are, and its policy says no. Nothing was run there.',
    causes: [
      'No line of the policy of the agent allows this caller, action, or host.',
      'The node has no policy for the agent, and `authorization.without_policy` is `refuse`.',
      'The policy file of the node is at fault: then it denies everything.',
    ],
    actions: [
      '`mco policy explain --caller NAME --agent AGENT --action ACTION --node NODE POLICY` says which line decides.',
      'The log and the audit of the node name the line.',
    ],
  },
  timeout: {
    summary: 'the action took longer than it may',
    meaning:
      'The node stopped the action because its time was over (`--timeout`, at most the timeout in the DDL).',
    causes: ['The action is slow on this host, or hangs.', 'The time limit is too short.'],
    actions: [
      'Give it more time with `--timeout`, up to the timeout in the DDL.',
      'Look at the host: load, disk, locks.',
    ],
  },
  offline: {
    summary: 'the node is not connected to the broker',
    meaning:
      'The broker says that the node is not connected. If it left after it was asked, it may have begun the action.',
    causes: ['The host is off or cut off.', 'Its daemon does not run, or cannot connect.'],
    actions: [
      'On the host: `systemctl status mcod`, and `mco doctor --local`.',
      'If it was asked before it left: `mco job show ID` when it is back.',
    ],
  },
  expired: {
    summary: 'the request was too old, or from the future: clocks',
    meaning:
      'By the clock of the node, the request was older than its time to live, or more than 60 s ahead. Nothing was run. ' +
      'The message has the time of both clocks.',
    causes: [
      'The clock of the node or of this machine is wrong.',
      'The broker held the request back too long.',
    ],
    actions: [
      'Check NTP on both machines: `timedatectl`. `mco doctor` names the nodes whose clock is off.',
      'Give requests more time with `--ttl` if the network is slow.',
    ],
  },
  'no-reply': {
    summary: 'the node did not answer, though asked again',
    meaning: 'The node was asked several times and did not answer. Whether it ran the action is not known.',
    causes: [
      'The node does not trust your certificate: its log says that a message was rejected, and why.',
      'Its daemon hangs, or the host is overloaded.',
      'There is no node of this name.',
    ],
    actions: [
      'Read the log of `mcod` on the node at that time, and run `mco doctor`.',
      '`mco job show ID` asks again what became of the request.',
    ],
  },
  cancelled: {
    summary: 'the action was cancelled while it ran',
    meaning: 'The caller cancelled the request, or the daemon of the node was stopped while the action ran.',
    causes: ['`mco job cancel`, or a second Ctrl-C.', '`mcod` was stopped or restarted.'],
    actions: ['Look at the host: the action may have done a part of its work.'],
  },
  unknown: {
    summary: 'the node does not know what became of the request',
    meaning: 'The node began the request, and does not know how it ended. It does not run it again.',
    causes: [
      'The daemon or the host was restarted while the action ran.',
      'The node forgot the replies: it was too long ago.',
    ],
    actions: ['Look at the host to see what was done, then send a new request if it is needed.'],
  },
  'not-asked': {
    summary: 'nothing was sent to this node',
    meaning: 'The call ended before it was the turn of this node. Nothing was run there.',
    causes: ['More nodes failed than `--max-failures` allows.', 'Ctrl-C between two batches.'],
    actions: [
      'Look at the nodes that failed, then call the rest: the JSON of the call can be given to `--nodes`.',
    ],
  },
};

/** The same for `failed`, by `statuscode`. */
const byStatus: Readonly<Record<Exclude<StatusCode, 0>, Explanation>> = {
  1: {
    summary: 'the action ran and failed, or was refused',
    meaning: 'Status 1: the agent says that it could not do what was asked. Its message is the reason.',
    causes: [
      'What the message says: it is written by the agent.',
      'The node is busy or is restarting: then the message says so.',
    ],
    actions: ['Read the message of the node; the log of `mcod` there has more.'],
  },
  2: {
    summary: 'the node does not have this agent or action',
    meaning: 'Status 2: the node is reachable, but the agent is not loaded, or has no action of this name.',
    causes: [
      'The node has another version of the agent than the DDL here.',
      'The agent could not be loaded: the log of `mcod` has the reason.',
    ],
    actions: ['`mco inventory NODE` lists its agents with their versions.'],
  },
  3: {
    summary: 'an input that the action needs is missing',
    meaning: 'Status 3: the node checked the inputs against its own DDL, and one is missing.',
    causes: ['The node has another version of the agent than the DDL here.'],
    actions: [
      '`mco help rpc AGENT ACTION` shows the inputs by the DDL here; `mco inventory NODE` the version there.',
    ],
  },
  4: {
    summary: 'an input or the filter is not valid on the node',
    meaning:
      'Status 4: the node checked the request against its own DDL, or judged its filter, and refused it.',
    causes: [
      'A value that the DDL of the node does not allow.',
      'A filter with a data function that the node does not have.',
    ],
    actions: ['The message of the node names the input or the part of the filter.'],
  },
  5: {
    summary: 'the action failed in a way its agent did not foresee',
    meaning:
      'Status 5: an exception in the agent. The caller gets a neutral text; the node keeps the details.',
    causes: ['A defect of the agent, or something on the host that it does not expect.'],
    actions: ['Read the log of `mcod` on the node: it has the error with its place.'],
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
