import { silentLogger } from '@troupe/core';
import type { ProvisionerConfig } from '../config/config.js';
import { Events } from '../events/events.js';
import { PendingJournal } from '../journal/pending-journal.js';
import { Masters } from '../master/masters.js';
import { NameJournal } from '../names/name-journal.js';
import { ReplacementRule } from '../names/replacement-rule.js';
import { NameGuard } from '../node/name-guard.js';
import { certificateDetailsOf, isOver } from '../node/node-record.js';
import { StepFailure } from '../rpc/failure.js';
import { KeyPin } from '../rpc/key-pin.js';
import { neverAborts } from '../rpc/never-aborts.js';
import type { Peers } from '../rpc/peers.js';
import { certnameOf, checkName } from '../steps/ca.js';
import { unmetCondition } from '../steps/condition.js';
import { goodCertificate } from '../steps/good-certificate.js';
import { stepsOf } from '../steps/index.js';
import type { ProvisioningSession, Step, StepContext } from '../steps/step.js';
import { AdmissionPolicy } from './admission-policy.js';
import { type Plan, planFor, wordsOfQuarantine } from './plan.js';

/** What would be done for a node, and why. */
export interface Simulation {
  readonly identity: string;
  readonly collective: string;
  /** Why nothing at all would be done. */
  readonly refusal?: string;
  readonly master?: string;
  readonly address?: string;
  /** Why this master. */
  readonly reason?: string;
  readonly certname?: string;
  /** Why the node would end in quarantine before anything is signed. */
  readonly objection?: string;
  readonly steps: readonly {
    readonly step: string;
    readonly verdict: 'do' | 'leave out' | 'on record';
    readonly reason?: string;
  }[];
}

/** Finds out what would be done for a node, without changing anything. Throws StepFailure. */
export async function simulate(
  { identity, collective }: { readonly identity: string; readonly collective: string },
  config: ProvisionerConfig,
  peers: Peers,
): Promise<Simulation> {
  const target = { identity, collective };
  // What is done when the wait for a master is over: how long that has been away is not known here.
  const masters = new Masters(peers, { ...config.master, fallbackSeconds: 0 }, silentLogger);
  const guard = new NameGuard(peers, masters, config);
  const dependencies = {
    config,
    peers,
    masters,
    debts: { add: () => {}, settle: () => {} },
    guard,
    replacement: new ReplacementRule({
      journal: NameJournal.inMemory(silentLogger),
      watch: { silence: () => 0, gap: 0 },
      replaceAfterSeconds: config.policy.replaceAfterSeconds,
      isOpen: true,
      lostFor: () => 0,
    }),
    policy: new AdmissionPolicy(peers, config.policy),
    arrivals: { holdOf: () => undefined, unhold: () => {}, failuresOf: () => 0, failed: () => {} },
    events: new Events(silentLogger),
    outbox: { post: () => {} },
    pending: PendingJournal.inMemory(silentLogger),
    log: silentLogger,
    owner: 'nobody',
    paused: () => undefined,
    loadOf: () => 0,
  };
  const plan = await planFor(
    { ...target, pin: new KeyPin(false), tries: config.attempts },
    dependencies,
    neverAborts,
  );
  if ('refusal' in plan) return { ...target, refusal: plan.refusal, steps: [] };
  const { quarantine } = plan.record;
  if (quarantine) return { ...target, refusal: wordsOfQuarantine(quarantine), steps: [] };
  const context = contextOf(plan, dependencies);
  const objection = await objectionOf(context);
  const steps: Simulation['steps'][number][] = [];
  for (const step of stepsOf(config)) steps.push(await decisionFor(step, plan, context));
  const { master, reason } = plan;
  return {
    ...target,
    master: master.identity,
    address: master.address,
    reason,
    certname: await certnameOf(context),
    ...(objection === undefined ? {} : { objection }),
    steps,
  };
}

function contextOf(
  plan: Plan,
  dependencies: Omit<
    StepContext,
    'session' | 'master' | 'reason' | 'timeoutSeconds' | 'signal' | 'output' | 'replaced'
  >,
) {
  const { node, record, master, reason } = plan;
  const session: ProvisioningSession = {
    identity: node.identity,
    isQuarantined: false,
    node,
    lease: undefined,
    details: certificateDetailsOf(record),
  };
  return {
    ...dependencies,
    session,
    master,
    reason,
    timeoutSeconds: 30,
    signal: neverAborts,
    output: () => {},
    replaced: () => {},
  };
}

async function objectionOf(context: StepContext): Promise<string | undefined> {
  const { clean_node_certname: cleans, sign_node_csr: signs } = context.config.steps;
  if (!cleans && !signs) return undefined;
  try {
    await checkName(context, await certnameOf(context));
    await goodCertificate(context);
    return undefined;
  } catch (error) {
    if (error instanceof StepFailure && (error.kind === 'permanent' || error.kind === 'failed'))
      return error.message;
    throw error;
  }
}

async function decisionFor(step: Step, { record, isOtherMaster }: Plan, context: StepContext) {
  const known = record.steps.find((each) => each.step === step.name);
  if (known && isOver(known) && !step.isRepeated && !isOtherMaster) {
    return { step: step.name, verdict: 'on record', reason: `${known.outcome} at ${known.since}` } as const;
  }
  const unmet = await unmetCondition(context, step.name);
  // An objection to the certificate is reported once, for the whole node.
  const reason = unmet ?? (await step.leaveOut?.(context).catch(() => undefined));
  if (reason !== undefined) return { step: step.name, verdict: 'leave out', reason } as const;
  return { step: step.name, verdict: 'do' } as const;
}
