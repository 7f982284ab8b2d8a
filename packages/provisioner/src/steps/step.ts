import type { Logger } from '@troupe/core';
import type { ProvisionerConfig } from '../config/config.js';
import type { Debts } from '../debts/debts.js';
import type { Master } from '../master/master.js';
import type { Masters } from '../master/masters.js';
import type { Receipts } from '../names/receipts.js';
import type { ReplacementRule } from '../names/replacement-rule.js';
import type { Lease } from '../node/lease.js';
import type { NameGuard } from '../node/name-guard.js';
import type { CertificateDetails } from '../node/node-record.js';
import type { NodeView } from '../node/node-view.js';
import type { NodeAgent } from '../rpc/node-agent.js';
import type { Peers } from '../rpc/peers.js';

/** What changes while one node is worked on. */
export interface ProvisioningSession {
  /** The node's name when it was taken up. */
  readonly identity: string;
  /** Whether people are to be told of its quarantine, and nothing else is to be done. */
  readonly isQuarantined: boolean;
  /** Where the node's provision agent is asked; the main collective after the hand-over. */
  node: NodeAgent;
  lease: Lease | undefined;
  readonly details: CertificateDetails;
  /** The id of the last request to the master that did something in this step. */
  caRequest?: string | undefined;
  /** Whether it has a good certificate of its master; asked once. */
  certificate?: Promise<string | undefined>;
  /** What conditions see of the node; asked once. */
  view?: Promise<NodeView>;
  /** Whether a name is somebody else's; asked once, and early, because silence takes its time. */
  nameCheck?: { readonly name: string; readonly result: Promise<void> };
}

/** The removal of the certificate of another host. */
export interface Replacement {
  readonly certname: string;
  /** The masters whose CAs held it. */
  readonly masters: readonly string[];
  /** Why that was allowed. */
  readonly reason: string;
  /** The id of the request that removed it: the same as in the audit logs of the masters. */
  readonly request: string;
}

/** What a step works with. */
export interface StepContext {
  readonly session: ProvisioningSession;
  readonly master: Master;
  /** Why this master. */
  readonly reason: string;
  readonly config: Pick<
    ProvisionerConfig,
    'steps' | 'stepActions' | 'stepSettings' | 'leaseSeconds' | 'policy'
  >;
  readonly peers: Peers;
  readonly masters: Masters;
  readonly debts: Pick<Debts, 'add' | 'settle'>;
  readonly guard: NameGuard;
  readonly replacement: ReplacementRule;
  /** Not there in the security mode none. */
  readonly receipts?: Pick<Receipts, 'give'> | undefined;
  readonly owner: string;
  /** Seconds that the step may take. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Shows a piece of Puppet's output. */
  output(text: string): void;
  /** Reports that the certificate of another host was removed, so that this node can have its name. */
  replaced(about: Replacement): void;
}

/** How a step ended, if well. */
export interface StepEnd {
  readonly outcome: 'ok' | 'skipped';
  readonly reason?: string;
  /** Kept with the step in the node's record, for whoever goes on. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** The Puppet run of which this is the outcome. */
  readonly run?: string;
  /** Seconds that Puppet ran. */
  readonly runSeconds?: number;
}

/** One step of a provisioning. */
export interface Step {
  readonly name: string;
  /** Seconds, unless the configuration says otherwise. */
  readonly timeoutSeconds: number;
  /** Failures after which the node is put in quarantine, where the step has a number of its own. */
  readonly attempts?: number;
  /** Done whenever somebody takes the node up; other steps that are on record are not done again. */
  readonly isRepeated?: boolean;
  /** Whether its failures may be those of the master: then they do not count while its CA is away. */
  readonly needsMaster?: boolean;
  /**
   * How the record is kept: before and after; `first`: as done before it begins, because the node goes away with it;
   * `after`: only when it has ended, as far as the node then has a provision agent.
   */
  readonly recording?: 'first' | 'after';
  /** Why it is not done on this node; nothing where it is. Throws StepFailure. */
  leaveOut?(context: StepContext): Promise<string | undefined>;
  /** Throws StepFailure. */
  run(context: StepContext): Promise<StepEnd>;
}
