import { type Filter, type Logger, messageOf } from '@troupe/core';
import type { Peers } from './peers.js';

export interface IntakeOptions {
  readonly peers: Peers;
  readonly collective: string;
  readonly filter: Filter;
  /** Seconds between two looks that nobody asked for. */
  readonly everySeconds: number;
  /** Whether a node that comes online is looked for at once. */
  readonly isEager: boolean;
  readonly onNode: (identity: string) => void;
  readonly log: Logger;
}

/** Looks for nodes: at once when one arrives, and now and then for those whose arrival was missed. */
export class Intake {
  /** Resolves when it has looked once. */
  readonly looked: Promise<void>;
  readonly #options: IntakeOptions;
  readonly #stop = new AbortController();
  #wake: (() => void) | undefined;
  #isWanted = false;
  #isBlind = false;
  #hasLooked: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.looked = new Promise((resolve) => {
      this.#hasLooked = resolve;
    });
    this.#ended = this.#run();
  }

  /** Looks now, or once more when it is looking. */
  look(): void {
    this.#isWanted = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { everySeconds } = this.#options;
    const { signal } = this.#stop;
    let stopListening: (() => void) | undefined;
    while (!signal.aborted) {
      this.#isWanted = false;
      try {
        stopListening ??= await this.#listen();
        await this.#discover(signal);
        this.#isBlind = false;
        this.#hasLooked();
      } catch (error) {
        // Once for each loss of the broker, not at every look.
        if (!this.#isBlind) this.#options.log.warn({ reason: messageOf(error) }, 'nodes cannot be looked for now');
        this.#isBlind = true;
      }
      if (!this.#isWanted) await this.#pause(everySeconds);
    }
    stopListening?.();
    this.#hasLooked();
  }

  async #listen(): Promise<() => void> {
    const { peers, collective, isEager } = this.#options;
    if (!isEager) return () => {};
    const presence = await peers.client.presence(collective);
    return presence.onChange(({ online }) => {
      if (online) this.look();
    });
  }

  // Each node is taken as it answers: one that stays silent delays nobody.
  async #discover(signal: AbortSignal): Promise<void> {
    const { peers, collective, filter, onNode } = this.#options;
    await peers.client.discover({
      collective,
      filter,
      signal,
      onNode: (identity) => {
        if (!signal.aborted) onNode(identity);
      },
    });
  }

  #pause(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), seconds * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      if (this.#stop.signal.aborted) this.#wake();
    });
  }
}
