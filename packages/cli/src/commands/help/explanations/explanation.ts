import type { AnyCode } from '@troupe/core/internal';

/** The help on an error code. Text in backticks is typed, or found in a file, literally. */
export interface Explanation {
  /** What happened, in a few words: a line of `mco help errors`. */
  readonly summary: string;
  readonly meaning: string;
  /** The likely ones, the likeliest first. */
  readonly causes: readonly string[];
  /** What to do, in this order. */
  readonly actions: readonly string[];
}

/** The explanations of some codes. */
export type Explanations = Readonly<Partial<Record<AnyCode, Explanation>>>;
