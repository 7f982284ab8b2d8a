import { type Logger, messageOf } from '@troupe/core';
import { inAgent } from './agent-scope.js';

type Close = () => void | Promise<void>;

/** What agents want done when they end. */
export class Closers {
  // no peer fills this: it holds the agents of the configuration
  readonly #closers: { readonly agent: string; readonly close: Close }[] = [];

  add(agent: string, close: Close): void {
    this.#closers.push({ agent, close });
  }

  /** Calls each once, the last one first; one that fails hinders none. */
  async close(log: Logger): Promise<void> {
    for (const { agent, close } of this.#closers.splice(0).reverse()) {
      try {
        await inAgent(agent, close);
      } catch (error) {
        log.error({ agent, reason: messageOf(error) }, 'an agent failed to close');
      }
    }
  }
}
