import { type Logger, messageOf } from '@troupe/core';
import { inAgent } from './agent-scope.js';

type Close = () => void | Promise<void>;

/** What agents want done when they end. */
export class Closers {
  // no peer fills this: it holds the agents of the configuration
  readonly #closers: { readonly agent: string; readonly close: Close; readonly place: number }[] = [];

  /** Agents that are set up at the same time have the places in which they are given. */
  add(agent: string, close: Close, place = 0): void {
    this.#closers.push({ agent, close, place });
  }

  /** Calls each once, the last place first; one that fails hinders none. */
  async close(log: Logger): Promise<void> {
    for (const { agent, close } of this.#closers
      .splice(0)
      .sort((a, b) => a.place - b.place)
      .reverse()) {
      try {
        await inAgent(agent, close);
      } catch (error) {
        log.error({ agent, reason: messageOf(error) }, 'an agent failed to close');
      }
    }
  }
}
