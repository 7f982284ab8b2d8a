import type { Logger } from '@troupe/core';
import type { Pause } from '@troupe/core/internal';
import type { ArrivalDesk } from '../arrivals/arrival-desk.js';
import type { ProvisionerConfig } from '../config/config.js';
import type { Debts } from '../debts/debts.js';
import type { Events } from '../events/events.js';
import type { Outbox } from '../events/outbox.js';
import type { PendingJournal } from '../journal/pending-journal.js';
import type { Masters } from '../master/masters.js';
import type { Receipts } from '../names/receipts.js';
import type { ReplacementRule } from '../names/replacement-rule.js';
import type { NameGuard } from '../node/name-guard.js';
import type { Peers } from '../rpc/peers.js';
import type { AdmissionPolicy } from './admission-policy.js';

/** What all provisionings of one provisioner share. */
export interface Dependencies {
  readonly config: ProvisionerConfig;
  readonly peers: Peers;
  readonly masters: Masters;
  readonly debts: Pick<Debts, 'add' | 'settle'>;
  readonly guard: NameGuard;
  readonly replacement: ReplacementRule;
  /** Not there in the security mode none. */
  readonly receipts?: Pick<Receipts, 'give'> | undefined;
  readonly policy: AdmissionPolicy;
  /** What is known of nodes that they may not be able to hold. */
  readonly arrivals: Pick<ArrivalDesk, 'holdOf' | 'unhold' | 'failuresOf' | 'failed'>;
  readonly events: Events;
  /** Messages to people. */
  readonly outbox: Pick<Outbox, 'post'>;
  /** What this provisioner remembers over restarts. */
  readonly pending: PendingJournal;
  readonly log: Logger;
  /** The owner of the leases that this provisioner takes; unique. */
  readonly owner: string;
  /** Why no new nodes are started. */
  readonly paused: () => Pause | undefined;
  /** Nodes in progress on a master. */
  readonly loadOf: (master: string) => number;
}
