import type { InvariantResult } from '../judge/invariant.js';
import type { RoundEvidence } from './evidence.js';
import type { BrokerName } from './site.js';

/** The results of a kill loop. */
export interface LoopResult {
  readonly seed: number;
  readonly broker: BrokerName;
  readonly rounds: readonly RoundEvidence[];
  readonly findings: readonly InvariantResult[];
  readonly seconds: number;
}
