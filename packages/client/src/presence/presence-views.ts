import type { ProtocolVersion, Topics, Transport } from '@troupe/core';
import { PresenceView } from './presence-view.js';

/** The views of who is online, one for each collective that is asked about. */
export class PresenceViews {
  readonly #transport: Transport;
  readonly #topics: Topics;
  // no peer fills this: it holds what this program itself asks for
  readonly #views = new Map<string, Promise<PresenceView>>();
  // no peer fills this: it holds what this program itself asks for
  readonly #opened = new Map<string, PresenceView>();
  // no peer fills this: it holds what this program itself asks for
  readonly #goneListeners = new Set<(identity: string) => void>();

  constructor(transport: Transport, topics: Topics) {
    this.#transport = transport;
    this.#topics = topics;
  }

  /** The view of a collective, while records may still be coming: who only waits for nodes need not wait for these first. */
  of(collective: string): Promise<PresenceView> {
    const known = this.#views.get(collective);
    if (known) return known;
    const view = PresenceView.open(this.#transport, this.#topics, collective);
    this.#views.set(collective, view);
    view.then(
      (opened) => {
        this.#opened.set(collective, opened);
        opened.onChange(({ identity, online }) => {
          if (!online) for (const listener of this.#goneListeners) listener(identity);
        });
      },
      // The next one who asks tries again.
      () => this.#views.delete(collective),
    );
    return view;
  }

  /**
   * Removes the record that the broker retains of a node. Resolves with whether it is gone; a broker that does not permit
   * it may say nothing. Throws NOT_CONNECTED.
   */
  async remove(collective: string, identity: string, patience: number): Promise<boolean> {
    const view = await this.of(collective);
    await view.settled();
    const removed = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), patience);
      const ignore = view.onChange((record) => {
        if (record.identity !== identity) return;
        clearTimeout(timer);
        ignore();
        // Listeners are called before the view has changed.
        queueMicrotask(() => resolve(view.isRemoved(identity)));
      });
    });
    const topic = this.#topics.presence(collective, identity);
    await this.#transport.publish(topic, new Uint8Array(0), { qos: 1, retain: true });
    return removed;
  }

  /** Hears of each node that goes offline. */
  onGone(listener: (identity: string) => void): void {
    this.#goneListeners.add(listener);
  }

  /** Resolves when there is a record of each of these nodes, or all that the broker retains are in. */
  async whenKnown(collective: string, identities: readonly string[]): Promise<void> {
    // Without presence nothing is known of anybody, and whoever needs the view is told why.
    const view = await this.of(collective).catch(() => undefined);
    await view?.whenKnown(identities);
  }

  /** The highest version of the protocol that a node's record claims; nothing where there is no record. */
  protocolOf(collective: string, identity: string): ProtocolVersion | undefined {
    return this.#opened.get(collective)?.protocolOf(identity);
  }

  /** Whether somebody may be online who speaks only version 1: also where nothing is known. */
  mayHaveVersion1(collective: string): boolean {
    return this.#opened.get(collective)?.mayHaveVersion1() ?? true;
  }
}
