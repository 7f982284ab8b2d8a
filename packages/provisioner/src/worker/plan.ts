import type { CallOptions } from '@troupe/client';
import { checkTokenName, messageOf } from '@troupe/core';
import { wordsOfPause, writeFactPaths } from '@troupe/core/internal';
import { type Candidate, chooseMaster } from '../master/choice.js';
import type { Master } from '../master/master.js';
import { type Masters, wordsOfAway } from '../master/masters.js';
import { isOver, type NodeRecord, readRecord } from '../node/node-record.js';
import { good } from '../rpc/ask.js';
import { StepFailure } from '../rpc/failure.js';
import type { KeyPin } from '../rpc/key-pin.js';
import { answerOf } from '../rpc/newcomer.js';
import { NodeAgent } from '../rpc/node-agent.js';
import type { Dependencies } from './dependencies.js';

/** The version of the contract of the provision agent that this provisioner works with. */
const supportedContract = 1;

/** What is known about a node before anything is done to it. */
export interface Plan {
  readonly node: NodeAgent;
  readonly record: NodeRecord;
  readonly master: Master;
  /** Why this master. */
  readonly reason: string;
  /** Whether steps were done with another master and have to be repeated. */
  readonly isOtherMaster: boolean;
}

/** Why nothing is done to a node. */
export interface NoPlan {
  readonly refusal: string;
  /** The state in which that leaves the node. */
  readonly state: 'done' | 'quarantined' | 'elsewhere' | 'unwanted' | 'waiting';
  /** Seconds after which the lease of another provisioner expires unless it is renewed. */
  readonly leaseSeconds?: number;
}

/**
 * Looks at a node and chooses its master; gives a machine that may be provisioned its receipt, and changes nothing else.
 * `tries` counts how often the node could not be worked
 * on since. Throws StepFailure.
 */
export async function planFor(
  target: { identity: string; collective: string; pin: KeyPin; tries: number },
  dependencies: Dependencies,
  signal: AbortSignal,
): Promise<Plan | NoPlan> {
  const { peers, config, masters } = dependencies;
  const node = new NodeAgent({ ...target, peers });
  const status = await node.ask('status', (agent, options) => agent.status({}, options), {
    answerWithin: 5,
    signal,
  });
  const record = readRecord(status);
  dependencies.events.learnName(node.identity, record.certname);
  const fault =
    contractFaultOf(record) ?? nameFaultOf(node) ?? receiptFaultOf(node, dependencies.replacement);
  if (fault !== undefined) return { refusal: fault, state: 'unwanted' };
  const refusal = refusalOf(record, dependencies.owner);
  if (refusal) return { ...refusal, ...leaseOf(record) };
  if (record.quarantine) return { node, record, ...masterOnRecord(record), isOtherMaster: false };
  const pause = hasBegun(record) ? undefined : dependencies.paused();
  if (pause) return { refusal: `provisioning is ${wordsOfPause(pause)}`, state: 'waiting' };
  const objection = hasBegun(record) ? undefined : await dependencies.policy.objection(target, signal);
  if (objection !== undefined) return { refusal: objection, state: 'unwanted' };
  // Before it waits for a master: its token may expire meanwhile.
  if (!record.lease) await dependencies.receipts?.give(node, signal, dependencies.log);
  const { here, away } = await masters.look();
  const kept = keptMaster(record, here, masters);
  if (kept) return { node, record, ...kept, isOtherMaster: false };
  if (here.length === 0) throw masters.none();
  const facts = await factsOf(node, dependencies, signal);
  const candidates = [
    ...here.map(({ identity, facts: known }): Candidate => {
      return { identity, facts: known, load: dependencies.loadOf(identity) };
    }),
    ...away.map((known): Candidate => {
      const { identity, master: last } = known;
      const about = { isAwaited: masters.isAwaited(known), words: wordsOfAway(known) };
      return { identity, facts: last?.facts ?? {}, load: dependencies.loadOf(identity), away: about };
    }),
  ];
  const choice = chooseMaster(facts, candidates, config.master.criteria);
  const awaited = choice?.isAway && away.find(({ identity }) => identity === choice.master);
  if (choice && awaited) throw awayFailure(choice.reason, masters.secondsLeft(awaited.awaySince));
  const master = here.find(({ identity }) => identity === choice?.master);
  if (!choice || !master) throw masters.none();
  const former = formerMaster(record);
  const isOtherMaster = former !== undefined && former !== master.identity;
  const reason = isOtherMaster
    ? `its previous master ${former} ${wordsOfLoss(former, masters)}; ${choice.reason}`
    : choice.reason;
  return { node, record, master, reason, isOtherMaster };
}

function contractFaultOf({ contract }: NodeRecord): string | undefined {
  if (contract === supportedContract) return undefined;
  return (
    `its provision agent fulfils version ${contract} of the contract, and this provisioner supports version ${supportedContract}: ` +
    (contract > supportedContract ? 'upgrade the provisioner' : 'upgrade the agent')
  );
}

function nameFaultOf({ identity, proof }: NodeAgent): string | undefined {
  try {
    checkTokenName(proof?.enrolment ?? {}, identity);
    return undefined;
  } catch (error) {
    return `not allowed: ${messageOf(error)}`;
  }
}

function receiptFaultOf({ proof }: NodeAgent, replacement: Dependencies['replacement']): string | undefined {
  if (!proof?.enrolment || !replacement.isRevoked(proof.enrolment)) return undefined;
  return 'not allowed: the receipt of this machine was revoked when its name was given to another machine';
}

// By the node's clock, which may be wrong: it never lasts longer than it was given.
function leaseOf({ lease }: NodeRecord): { leaseSeconds?: number } {
  if (!lease) return {};
  const left = (Date.parse(lease.expires) - Date.now()) / 1000;
  return { leaseSeconds: Math.min(Math.max(left, 1), lease.seconds) };
}

function refusalOf(
  { quarantine, isDisabled, isDone, isOwed, doneSince, lease }: NodeRecord,
  owner: string,
): NoPlan | undefined {
  const others = lease !== undefined && lease.owner !== owner ? lease.owner : undefined;
  const elsewhere = { refusal: `${others} holds its lease`, state: 'elsewhere' } as const;
  if (quarantine) {
    if (isOwed && others === undefined) return undefined;
    return { refusal: wordsOfQuarantine(quarantine), state: 'quarantined' };
  }
  if (isOwed) return others === undefined ? undefined : elsewhere;
  if (isDone) {
    const hint = isDisabled ? '' : ': "mcprovision retry" starts again at the first step';
    return { refusal: `already provisioned at ${doneSince}${hint}`, state: 'done' };
  }
  return others === undefined ? undefined : elsewhere;
}

/** Why nothing is done to a node in quarantine. */
export function wordsOfQuarantine({ since, reason }: NonNullable<NodeRecord['quarantine']>): string {
  return `in quarantine since ${since}: ${reason}`;
}

// A notification needs no available master.
function masterOnRecord({ master }: NodeRecord): Pick<Plan, 'master' | 'reason'> {
  const identity = master?.identity ?? 'unknown';
  const unasked = { facts: {}, port: 0, certname: identity, caFingerprint: '', caSubject: null };
  return {
    master: { ...unasked, identity, address: master?.address ?? '' },
    reason: master?.reason ?? 'chosen earlier',
  };
}

// The master is not changed in the middle of a provisioning, unless it stays away.
function keptMaster(record: NodeRecord, here: readonly Master[], masters: Masters) {
  const former = formerMaster(record);
  if (former === undefined) return undefined;
  const master = here.find(({ identity }) => identity === former);
  if (master) return { master, reason: record.master?.reason ?? 'chosen earlier' };
  const awaySince = masters.missed(former);
  if (awaySince === undefined) return undefined;
  const left = masters.secondsLeft(awaySince);
  if (left > 0) throw awayFailure(`its master ${wordsOfAway({ identity: former, awaySince })}`, left);
  return undefined;
}

function wordsOfLoss(former: string, masters: Masters): string {
  const known = masters.away().find(({ identity }) => identity === former);
  return known
    ? `has not replied since ${new Date(known.awaySince).toISOString()}`
    : 'is not a master any more';
}

function until(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

function awayFailure(reason: string, left: number): StepFailure {
  return new StepFailure(
    'master-away',
    `${reason}; it gets another master if that lasts until ${until(left)} (master.fallback)`,
    { waitSeconds: left },
  );
}

function hasBegun({ steps }: NodeRecord): boolean {
  return steps.some((step) => step.step !== 'lock' && isOver(step));
}

function formerMaster(record: NodeRecord): string | undefined {
  const { master } = record;
  return hasBegun(record) ? (master?.identity ?? undefined) : undefined;
}

async function factsOf(
  { identity, collective, pin }: NodeAgent,
  { config, peers }: Pick<Dependencies, 'config' | 'peers'>,
  signal: AbortSignal,
) {
  const { criteria } = config.master;
  if (criteria.length === 0) return {};
  const options = { targets: [identity], collective, signal };
  const input = { facts: writeFactPaths(criteria) };
  const what = 'rpcutil get_facts';
  const call = (dated: Pick<CallOptions, 'clockOffset'>) =>
    peers.rpcutil.get_facts(input, { ...options, ...dated });
  const { data } = good(await answerOf({ identity, collective }, peers, call, what), what, pin);
  return data.values ?? {};
}
