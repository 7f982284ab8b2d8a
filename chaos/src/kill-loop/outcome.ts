import type { Finding } from '../judge/finding.js';
import type { RoundEvidence } from './evidence.js';
import type { BrokerName } from './site.js';

/** All that a loop has to report. */
export interface LoopOutcome {
  readonly seed: number;
  readonly broker: BrokerName;
  readonly rounds: readonly RoundEvidence[];
  readonly findings: readonly Finding[];
  readonly seconds: number;
}
