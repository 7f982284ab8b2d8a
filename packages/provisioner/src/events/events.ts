import { type Logger, messageOf } from '@troupe/core';
import { BoundedMap, oneLine } from '@troupe/core/internal';
import { fullNameOf } from '../node/full-name.js';
import type { NodeReport } from './node-report.js';

/** What happens in a provisioner, as it happens. Times are milliseconds since 1970, durations are seconds. */
export type ProvisionEvent =
  /** A node wants to be provisioned. */
  | (About & { readonly type: 'arrived'; readonly collective: string })
  /** A worker started on it; `resumedAt` is the step at which an earlier provisioner left it. */
  | (About & { readonly type: 'begun'; readonly resumedAt?: string })
  | (About & {
      readonly type: 'master';
      readonly master: string;
      readonly address: string;
      readonly reason: string;
    })
  | (About & { readonly type: 'step-started'; readonly step: string; readonly attempt: number })
  /** A piece of what Puppet prints. */
  | (About & { readonly type: 'output'; readonly step: string; readonly text: string })
  | (About & {
      readonly type: 'step-ended';
      readonly step: string;
      /** `ok`, `skipped`, or how it failed: `failed`, `unreachable`, `interrupted`. */
      readonly outcome: string;
      readonly reason?: string;
      readonly seconds: number;
      /** The id of the request that did it, as in the log and the audit of the node or master. */
      readonly request?: string;
    })
  /** The certificate of another host was removed, so that this node can have its name. */
  | (About & {
      readonly type: 'replaced';
      readonly certname: string;
      /** The masters whose CAs held it. */
      readonly masters: readonly string[];
      /** Why that was allowed. */
      readonly reason: string;
      /** The id of the request that removed it, as in the audit logs of the masters. */
      readonly request: string;
    })
  /** What a CA held under the name of a node is removed, after its master was away; `reason`: what became of it. */
  | (About & {
      readonly type: 'debt-settled';
      readonly certname: string;
      readonly master: string;
      readonly reason: string;
    })
  /** It is retried after this many seconds, or when the node is back online. */
  | (About & { readonly type: 'waiting'; readonly reason: string; readonly seconds?: number })
  /** It makes no progress, and people are told; `since`: since when it is in this state, ISO 8601. */
  | (About & {
      readonly type: 'stuck';
      readonly state: string;
      readonly reason: string;
      readonly count: number;
      readonly since: string;
    })
  /** Another provisioner works on it, or there is nothing to do. */
  | (About & { readonly type: 'left'; readonly reason: string })
  | (About & { readonly type: 'done'; readonly report: NodeReport })
  /** `recorded`: whether the quarantine is on the node's record. */
  | (About & {
      readonly type: 'quarantined';
      readonly reason: string;
      readonly recorded: boolean;
      readonly report: NodeReport;
    })
  | (About & {
      readonly type: 'notified';
      readonly protocol: string;
      readonly recipient: string;
      readonly subject: string;
      readonly delivered: boolean;
      /** The notifier that delivered it, or that queued it for delivery. */
      readonly by?: string;
      readonly reason?: string;
    });

interface About {
  readonly identity: string;
  /** For people, if it is another one: see {@link fullNameOf}. */
  readonly name?: string;
  readonly time: number;
}

type Unstamped<E> = E extends ProvisionEvent ? Omit<E, 'time'> : never;

export type EventListener = (event: ProvisionEvent) => void;

/** Names that are remembered. */
const mostNames = 20_000;

/** Passes events to listeners; a listener that throws does not affect the others. */
export class Events {
  // no peer fills this: it holds what this program itself asks for
  readonly #listeners = new Set<EventListener>();
  readonly #log: Logger;
  // bound: full names of nodes with a short identity | nodes; with an enrolment token, under any name | {mostNames} |
  // 600 bytes each | the one unused for the longest time is removed; its events have the short name again
  readonly #names = new BoundedMap<string, string>({ most: mostNames });

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Calls the listener for every event from now on, until the result is called. */
  on(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From now on, events about the node have the name that people know it by. */
  learnName(identity: string, certname: string | undefined): void {
    const name = fullNameOf(identity, certname);
    if (name !== identity) this.#names.set(identity, oneLine(name, 253));
  }

  emit(event: Unstamped<ProvisionEvent>): void {
    const name = this.#names.get(event.identity);
    const stamped = { ...event, ...(name === undefined ? {} : { name }), time: Date.now() } as ProvisionEvent;
    for (const listener of this.#listeners) {
      try {
        listener(stamped);
      } catch (error) {
        this.#log.error({ err: error, reason: messageOf(error) }, 'event listener failed');
      }
    }
  }
}
