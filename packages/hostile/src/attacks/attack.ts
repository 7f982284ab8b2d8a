import type { AttackNetwork } from '../attack-network.js';

/** An attack, and how the system must respond to it. */
export interface Attack {
  readonly name: string;
  /** Runs the attack. Its return value counts as a response of the system. */
  readonly run: (network: AttackNetwork) => Promise<string | undefined>;
  /** Expressions that the response and the logs must match, in any order. */
  readonly refused: readonly RegExp[];
  /** What the victim's audit must match. Without it, the attack must leave no entry. */
  readonly audited?: RegExp;
  /** How often actions of the victims run; default 0. */
  readonly runs?: number | 'many';
}
