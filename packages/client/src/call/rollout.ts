import { TroupeError } from '@troupe/core';
import { batchSize, chunks, type Share } from '../discovery/share.js';
import type { CallOptions } from './call-options.js';
import type { Result } from './result.js';

type RolloutOptions = Pick<CallOptions, 'batch' | 'maxFailures'>;

/** Rejects options that have no effect. Throws INPUT_INVALID. */
export function checkRollout({ batch, maxFailures }: RolloutOptions): void {
  if (maxFailures !== undefined && batch === undefined)
    throw new TroupeError(
      'INPUT_INVALID',
      'maxFailures requires batch: without batches, all nodes are called at once',
    );
}

/** How many of `total` may fail; a percentage is rounded down. */
export function toleratedFailures(share: Share, total: number): number {
  return typeof share === 'number' ? share : Math.floor((total * share.percent) / 100);
}

/** The targets of a call in batches, and whether too many have failed to send another batch. */
export class Rollout {
  readonly batches: readonly (readonly string[])[];
  readonly #tolerated: number;
  #failed = 0;

  constructor(targets: readonly string[], { batch, maxFailures }: RolloutOptions) {
    const size = batch === undefined ? targets.length : batchSize(batch, targets.length);
    this.batches = chunks(targets, size);
    this.#tolerated =
      maxFailures === undefined ? Number.POSITIVE_INFINITY : toleratedFailures(maxFailures, targets.length);
  }

  /** Counts the result of a target: every state other than ok is a failure, also `no-reply`. */
  count({ ok, state }: Pick<Result, 'ok' | 'state'>): void {
    if (!ok && state !== 'not-asked') this.#failed += 1;
  }

  /** Why no further batch is sent; undefined if batches continue. */
  get stopped(): string | undefined {
    if (this.#failed <= this.#tolerated) return undefined;
    return `${this.#failed} ${this.#failed === 1 ? 'node' : 'nodes'} failed; the limit is ${this.#tolerated}`;
  }
}
