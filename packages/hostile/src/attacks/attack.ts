import type { World } from '../world.js';

/** Something that somebody does who should not, and what must become of it. */
export interface Attack {
  readonly name: string;
  /** Tries it; what it returns counts as an answer of the system. */
  readonly run: (world: World) => Promise<string | undefined>;
  /** What the attacker and the logs are told, in any order. */
  readonly refused: readonly RegExp[];
  /** The line of the victim's audit; nothing where it does not come that far. */
  readonly audited?: RegExp;
  /** How often the victim's action runs; 0 unless told. */
  readonly runs?: number;
}
