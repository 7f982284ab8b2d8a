import type { Presence } from '@troupe/core';
import { listenerIterator, type Queue } from '../waiting/listener-iterator.js';
import { mostRecords, type PresenceView } from './presence-view.js';

/** A node that went online or offline, or was online at the start. */
export interface NodeChange {
  readonly kind: 'join' | 'leave';
  readonly identity: string;
  /** Whether it was online at the start. */
  readonly isKnown: boolean;
  readonly presence: Presence;
}

/** The nodes that go online or offline, as an iterable, beginning with the nodes that are online. */
export function nodeChanges(
  presence: () => Promise<PresenceView>,
  signal?: AbortSignal,
): AsyncIterableIterator<NodeChange> {
  return listenerIterator(
    async (take) => {
      const view = await presence();
      const emit = (record: Presence, isKnown: boolean) =>
        take({
          kind: record.online ? 'join' : 'leave',
          identity: record.identity,
          isKnown,
          presence: record,
        });
      for (const identity of view.online()) {
        const record = view.get(identity);
        if (record) emit(record, true);
      }
      return view.onChange((record) => emit(record, false));
    },
    signal,
    new Latest(),
  );
}

/** The latest state of each node, if it differs from what the consumer has received: at most one entry per node. */
class Latest implements Queue<NodeChange> {
  // bound: changes of nodes that the program has not taken | nodes | one for each node; 200,000 | 300 bytes each |
  // changes of further nodes are ignored
  readonly #waiting = new Map<string, NodeChange>();
  /** When the daemons started of the nodes that are online for the consumer. */
  // no peer fills this: it holds nodes of the presence view
  readonly #here = new Map<string, number>();

  add(change: NodeChange): void {
    if (this.#waiting.size >= mostRecords && !this.#waiting.has(change.identity)) return;
    // In the order of the last change of each.
    this.#waiting.delete(change.identity);
    this.#waiting.set(change.identity, change);
  }

  take(): { readonly value: NodeChange } | undefined {
    for (const [identity, change] of this.#waiting) {
      const since = this.#here.get(identity);
      const { kind, presence } = change;
      if (kind === 'join' && since !== undefined && since !== presence.since) {
        // It was away for a moment: another daemon is here now.
        this.#here.delete(identity);
        return { value: { ...change, kind: 'leave', presence: { ...presence, online: false, since } } };
      }
      this.#waiting.delete(identity);
      const isReported = kind === 'join' ? since !== undefined : since === undefined;
      if (isReported) continue;
      if (kind === 'join') this.#here.set(identity, presence.since);
      else this.#here.delete(identity);
      return { value: change };
    }
    return undefined;
  }
}
