import type { Reply } from '@troupe/core';
import type { Discovery } from '../discovery/discovery.js';
import type { PresenceView } from '../presence/presence-view.js';
import type { WakeUp } from '../waiting/wake-up.js';
import type { CallParts } from './call-parts.js';
import type { Result } from './result.js';

/** What a set of targets works with beside the parts of its call. */
export interface TargetSetParts extends CallParts {
  readonly wakeUp: WakeUp;
  readonly view: Promise<PresenceView>;
  readonly onResult: (result: Result) => void;
}

/** The targets of a call and how they are asked: a list of them, or all nodes that are online. */
export interface TargetSet {
  /** What is known of who was found; nothing where the targets were given, or none were looked for yet. */
  readonly discovery: Discovery | undefined;
  /** How many are targets or, as far as is known, may turn out to be. */
  readonly size: number;
  /** Who ran the request and was no target. */
  readonly unexpected: readonly string[];
  /** Why some were not asked. */
  readonly stopped: string | undefined;
  /** Those who were asked and have not ended, or not said whether they are meant. */
  open(): readonly string[];
  /** Those of them that are known to be at work on it. */
  running(): readonly string[];
  /** Takes a reply to the call. */
  receive(reply: Reply, key: string): void;
  /** Asks, and waits for the ends; resolves with the time from which the call counts. Throws what spoils the whole call. */
  ask(): Promise<number>;
}
