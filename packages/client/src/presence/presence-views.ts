import type { Topics, Transport } from '@troupe/core';
import { PresenceView } from './presence-view.js';

/** The views of who is online, one for each collective that is asked about. */
export class PresenceViews {
  readonly #transport: Transport;
  readonly #topics: Topics;
  readonly #onGone: (identity: string) => void;
  readonly #views = new Map<string, Promise<PresenceView>>();

  /** `onGone` hears of each node that goes offline. */
  constructor(transport: Transport, topics: Topics, onGone: (identity: string) => void) {
    this.#transport = transport;
    this.#topics = topics;
    this.#onGone = onGone;
  }

  /** The view of a collective, while records may still be coming: who only waits for nodes need not wait for these first. */
  of(collective: string): Promise<PresenceView> {
    const known = this.#views.get(collective);
    if (known) return known;
    const view = PresenceView.open(this.#transport, this.#topics, collective);
    this.#views.set(collective, view);
    view.then(
      (opened) => opened.onChange(({ identity, online }) => online || this.#onGone(identity)),
      // The next one who asks tries again.
      () => this.#views.delete(collective),
    );
    return view;
  }
}
