import type { Presence } from '@troupe/core';
import { listenerIterator, type Queue } from '../waiting/listener-iterator.js';
import type { PresenceView } from './presence-view.js';

/** A node that came, went, or was there when the listening began. */
export interface NodeChange {
  readonly kind: 'join' | 'leave';
  readonly identity: string;
  /** Whether it was here before anybody listened. */
  readonly isKnown: boolean;
  readonly presence: Presence;
}

/** Who comes and goes, as an iterable, beginning with who is here. */
export function nodeChanges(
  presence: () => Promise<PresenceView>,
  signal?: AbortSignal,
): AsyncIterableIterator<NodeChange> {
  return listenerIterator(
    async (take) => {
      const view = await presence();
      const tell = (record: Presence, isKnown: boolean) =>
        take({
          kind: record.online ? 'join' : 'leave',
          identity: record.identity,
          isKnown,
          presence: record,
        });
      for (const identity of view.online()) {
        const record = view.get(identity);
        if (record) tell(record, true);
      }
      return view.onChange((record) => tell(record, false));
    },
    signal,
    new Latest(),
  );
}

/** What is so of each node now, where it differs from what the consumer was told: one entry for each node at most. */
class Latest implements Queue<NodeChange> {
  readonly #waiting = new Map<string, NodeChange>();
  /** When the daemons of the nodes started that the consumer takes for here. */
  readonly #here = new Map<string, number>();

  add(change: NodeChange): void {
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
      const isTold = kind === 'join' ? since !== undefined : since === undefined;
      if (isTold) continue;
      if (kind === 'join') this.#here.set(identity, presence.since);
      else this.#here.delete(identity);
      return { value: change };
    }
    return undefined;
  }
}
