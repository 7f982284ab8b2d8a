import { type Logger, messageOf } from '@troupe/core';
import { StepFailure } from '../rpc/failure.js';
import { neverAborts } from '../rpc/never-aborts.js';
import type { NodeAgent } from '../rpc/node-agent.js';

/** The lease of one node, kept as long as it is needed. */
export class Lease {
  /** Where the node is asked now: it moves when it is handed over. */
  readonly #node: () => NodeAgent;
  readonly #seconds: number;
  readonly #log: Logger;
  readonly #lost = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isKept = true;
  #ends = 0;

  private constructor(node: () => NodeAgent, seconds: number, log: Logger) {
    this.#node = node;
    this.#seconds = seconds;
    this.#log = log;
  }

  /**
   * Takes the lease under a name that only this provisioner uses and renews it from then on; `notify`: for a node in
   * quarantine, to send the notification. Throws StepFailure.
   */
  static async take(
    session: { readonly node: NodeAgent },
    options: { owner: string; seconds: number; notify: boolean; log: Logger; signal: AbortSignal },
  ): Promise<Lease> {
    const { seconds, log, signal } = options;
    const asked = Date.now();
    await session.node.takeLease(options, signal);
    const lease = new Lease(() => session.node, seconds, log);
    lease.#renewed(asked, seconds);
    return lease;
  }

  /** Fires when the lease is lost, with a StepFailure as its reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Makes sure that the lease is held at this moment: before something outside the node is changed. Throws StepFailure. */
  async confirm(seconds = this.#seconds): Promise<void> {
    const asked = Date.now();
    await this.#node().change('renew', (agent, claim, given) => agent.renew({ ...claim, seconds }, given), {
      answerWithin: Math.min(10, seconds / 3),
      signal: neverAborts,
    });
    this.#renewed(asked, seconds);
  }

  /** Renews no more; the lease ends by itself. */
  stop(): void {
    this.#isKept = false;
    clearTimeout(this.#timer);
  }

  /** Gives the lease back, as far as the node can be reached. */
  async release(): Promise<void> {
    this.stop();
    try {
      await this.#node().change(
        'unlock_deploy',
        (agent, claim, given) => agent.unlock_deploy({ ...claim }, given),
        {
          answerWithin: 2,
          signal: neverAborts,
        },
      );
    } catch (error) {
      this.#log.debug({ reason: messageOf(error) }, 'cannot release the lease: it will expire');
    }
  }

  #renewed(asked: number, seconds: number): void {
    this.#ends = asked + seconds * 1000;
    clearTimeout(this.#timer);
    if (this.#isKept) this.#timer = setTimeout(() => void this.#renew(), (seconds * 1000) / 3);
  }

  async #renew(): Promise<void> {
    try {
      await this.confirm();
    } catch (error) {
      if (!this.#isKept) return;
      // A daemon that restarts refuses too: only what the node reports about the lease itself decides.
      const kind = error instanceof StepFailure ? error.kind : undefined;
      if (kind === 'lost' || kind === 'permanent' || Date.now() >= this.#ends) {
        this.stop();
        this.#lost.abort(
          new StepFailure(kind === 'permanent' ? kind : 'lost', messageOf(error), { cause: error }),
        );
        return;
      }
      this.#timer = setTimeout(() => void this.#renew(), 1000);
    }
  }
}
