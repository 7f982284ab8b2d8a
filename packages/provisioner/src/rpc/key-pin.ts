import type { Result } from '@troupe/client';
import { StepFailure } from './failure.js';

/**
 * Holds a node to the key with which it first answered: whoever takes its name in the middle of a provisioning
 * must not get what was meant for it.
 */
export class KeyPin {
  readonly #isOn: boolean;
  #key: string | undefined;

  /** Where nobody vouches for keys (security mode `none`), a daemon makes a new one at each start: `isOn` false. */
  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** The key with which it answered. */
  get key(): string | undefined {
    return this.#key;
  }

  /** Throws a permanent StepFailure where another key signed. */
  check({ sender, key }: Pick<Result<unknown>, 'sender' | 'key'>): void {
    if (key === undefined) return;
    if (this.#key === undefined || !this.#isOn) this.#key = key;
    if (this.#key === key) return;
    throw new StepFailure(
      'permanent',
      `another machine answers under the name ${sender} since the provisioning began: its key is ${key.slice(0, 16)}…, ` +
        `that of the first was ${this.#key.slice(0, 16)}…`,
    );
  }
}
