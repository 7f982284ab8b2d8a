import { emptyFilter, messageOf } from '@troupe/core';
import { fullNameOf, isQualified } from '../node/full-name.js';
import { type NodeRecord, readRecord } from '../node/node-record.js';
import { StepFailure } from '../rpc/failure.js';
import { KeyPin } from '../rpc/key-pin.js';
import { neverAborts } from '../rpc/never-aborts.js';
import { NodeAgent } from '../rpc/node-agent.js';
import type { Peers } from '../rpc/peers.js';

/** A node given on the command line, and its provisioning record. */
export interface FoundNode {
  /** For people: see {@link fullNameOf}. */
  readonly name: string;
  readonly node: NodeAgent;
  readonly record: NodeRecord;
}

/** A node that is online and has no provision agent: its provisioning has ended, and its record is gone with the agent. */
export interface FormerNode {
  readonly name: string;
  readonly collective: string;
}

/** Seconds to wait for a node. */
const patience = 3;
/** Names in an error. */
const mostNamed = 10;

/**
 * Finds a node by its full name, or by a short one if no other node has it. Throws StepFailure if none replies, if it
 * has no provision agent, or if several have the name.
 */
export async function findNode(given: string, peers: Peers): Promise<FoundNode> {
  const found = await findAny(given, peers);
  if ('record' in found) return found;
  throw new StepFailure(
    'gone',
    `${found.name} in ${found.collective} has no provision agent: its provisioning has ended`,
  );
}

/** The same, also for a node whose provision agent is gone. */
export async function findAny(given: string, peers: Peers): Promise<Found> {
  const collectives = [...new Set([peers.enrolment, peers.main])];
  const looks = await Promise.all(collectives.map((collective) => look(given, collective, peers)));
  const all = looks.flatMap(({ found }) => found);
  const candidates = isQualified(given) ? all.filter(({ name }) => name === given) : all;
  const exact = candidates.find(({ name }) => name === given);
  const names = [...new Set(candidates.map(({ name }) => name))].sort();
  if (exact === undefined && names.length > 1) throw ambiguous(given, candidates, names);
  const [only] = candidates;
  // One that is in both collectives is about to be handed over: its record is where its agent replies.
  const node = exact ?? candidates.find((each) => 'record' in each) ?? only;
  if (node) return node;
  const reasons = looks.map(({ collective, reason }) => `${collective}: ${reason}`).join('; ');
  throw new StepFailure('unreachable', `cannot read the provisioning state of ${given} (${reasons})`);
}

function ambiguous(given: string, candidates: readonly Found[], names: readonly string[]): StepFailure {
  const named = names.slice(0, mostNamed).map((name) => {
    const found = candidates.find((each) => each.name === name);
    const collective = found && ('node' in found ? found.node.collective : found.collective);
    return `${name} (${collective})`;
  });
  const more = names.length - named.length;
  return new StepFailure(
    'failed',
    `the name ${given} is ambiguous: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: give the full name`,
  );
}

type Found = FoundNode | FormerNode;

interface Look {
  readonly collective: string;
  readonly found: readonly Found[];
  /** Why the node of the given name is not found. */
  readonly reason?: string;
}

async function look(given: string, collective: string, peers: Peers): Promise<Look> {
  // At the same time: a search waits for nodes that may not exist.
  const [own, ...more] = await Promise.all([
    ask(given, collective, peers),
    others(given, collective, peers).then((identities) =>
      Promise.all(identities.map((identity) => ask(identity, collective, peers))),
    ),
  ]);
  const found = [own, ...more.flat()].filter((each) => typeof each !== 'string');
  return { collective, found, ...(typeof own === 'string' && { reason: own }) };
}

// A machine may have its short name until it has a certificate; a full name may be given in short.
async function others(given: string, collective: string, peers: Peers): Promise<readonly string[]> {
  const [short = ''] = given.split('.');
  if (isQualified(given)) return collective === peers.enrolment ? [short] : [];
  const pattern = `/^${given.replaceAll(/[^a-z0-9_-]/g, '.')}\\./`;
  const filter = { ...emptyFilter, identities: [pattern] };
  const { nodes } = await peers.client.discover({ collective, filter });
  return nodes.filter((identity) => identity.startsWith(`${given}.`));
}

/** The node, or why it is not found. */
async function ask(identity: string, collective: string, peers: Peers): Promise<Found | string> {
  const node = new NodeAgent({ peers, identity, collective, pin: new KeyPin(false) });
  try {
    const status = await node.ask('status', (agent, options) => agent.status({}, options), {
      answerWithin: patience,
      signal: neverAborts,
    });
    const record = readRecord(status);
    return { name: fullNameOf(identity, record.certname), node, record };
  } catch (error) {
    if (error instanceof StepFailure && error.kind === 'gone') return { name: identity, collective };
    return messageOf(error);
  }
}
