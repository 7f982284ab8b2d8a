import type { Build } from './builds.js';
import type { Mco } from './mco.js';
import type { MixedNetwork } from './network.js';

/** What a test works with, once its fleet has started. */
export interface Scene {
  readonly network: MixedNetwork;
  /** The client under test. */
  readonly mco: Mco;
  readonly build: Build;
  /** The client of the other version. */
  readonly other: Mco;
  /** Whether the configuration of the broker does not let callers publish events. */
  readonly losesEvents: boolean;
}

/** The nodes that have the agent `mixed` and are online; `d.lab` does not have it, and `gone.lab` is offline. */
export const workers = ['a.lab', 'b.lab', 'c.lab'] as const;

export const online = [...workers, 'd.lab'] as const;

/** An option for each node, so that it is called by its name. */
export function named(...names: readonly string[]): string[] {
  return names.flatMap((name) => ['-I', name]);
}

/** The same state for several nodes. */
export function all(names: readonly string[], state: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, state]));
}
