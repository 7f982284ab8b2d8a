import type { ReplyOutcome } from '@troupe/core';

/** The actions of one agent that have ended, by outcome, and the seconds that they took together. */
export interface ActionCount {
  readonly outcomes: Readonly<Partial<Record<ReplyOutcome, number>>>;
  readonly seconds: number;
}

/** Counts the actions that this daemon ran, by agent and outcome. */
export class ActionCounts {
  // no peer fills this: it holds the agents of the configuration
  readonly #agents = new Map<string, { outcomes: Partial<Record<ReplyOutcome, number>>; seconds: number }>();

  note(agent: string, outcome: ReplyOutcome, seconds: number): void {
    const count = this.#agents.get(agent) ?? { outcomes: {}, seconds: 0 };
    count.outcomes[outcome] = (count.outcomes[outcome] ?? 0) + 1;
    // The clock may have been set back meanwhile.
    count.seconds += Math.max(0, seconds);
    this.#agents.set(agent, count);
  }

  /** By agent. */
  all(): Readonly<Record<string, ActionCount>> {
    return Object.fromEntries(this.#agents);
  }
}
