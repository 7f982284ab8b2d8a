import type { Result } from '@troupe/client';
import { StepFailure } from './failure.js';

/**
 * Pins a node to the key of its first reply: another machine that takes its name in the middle of a provisioning
 * must not get what was meant for it.
 */
export class KeyPin {
  readonly #isOn: boolean;
  #key: string | undefined;

  /** `isOn` is false in the security mode `none`, where keys are not certified and a daemon makes a new one at each start. */
  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** The key of its first reply. */
  get key(): string | undefined {
    return this.#key;
  }

  /** Throws a permanent StepFailure if another key signed the reply. */
  check({ sender, key }: Pick<Result<unknown>, 'sender' | 'key'>): void {
    if (key === undefined) return;
    if (this.#key === undefined || !this.#isOn) this.#key = key;
    if (this.#key === key) return;
    throw new StepFailure(
      'permanent',
      `another machine replies under the name ${sender}: its key is ${key.slice(0, 16)}…, ` +
        `but the key at the start of the provisioning was ${this.#key.slice(0, 16)}…`,
    );
  }
}
