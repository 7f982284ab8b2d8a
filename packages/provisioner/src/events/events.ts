import { type Logger, messageOf } from '@troupe/core';
import type { NodeReport } from './node-report.js';

/** What happens in a provisioner, as it happens. Times are milliseconds since 1970, durations are seconds. */
export type ProvisionEvent =
  /** A node wants to be provisioned. */
  | (About & { readonly type: 'arrived'; readonly collective: string })
  /** A worker took it up; `resumedAt` is the step at which somebody left it. */
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
      /** `ok`, `skipped`, or why it did not end well: `failed`, `unreachable`, `interrupted`. */
      readonly outcome: string;
      readonly reason?: string;
      readonly seconds: number;
      /** The id of the request that did it, as in the log and the audit of who was asked. */
      readonly request?: string;
    })
  /** It is tried again after so many seconds, or when the node is heard of again. */
  | (About & { readonly type: 'waiting'; readonly reason: string; readonly seconds?: number })
  /** Somebody else works on it, or it needs nothing. */
  | (About & { readonly type: 'left'; readonly reason: string })
  | (About & { readonly type: 'done'; readonly report: NodeReport })
  /** `recorded` tells whether the node itself knows. */
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
      /** The notifier that delivered it, or that keeps it to deliver it when it can. */
      readonly by?: string;
      readonly reason?: string;
    });

interface About {
  readonly identity: string;
  readonly time: number;
}

type Unstamped<E> = E extends ProvisionEvent ? Omit<E, 'time'> : never;

export type EventListener = (event: ProvisionEvent) => void;

/** Brings events to whoever listens; a listener that throws harms nobody but itself. */
export class Events {
  readonly #listeners = new Set<EventListener>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Hears of everything from now on, until the result is called. */
  on(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: Unstamped<ProvisionEvent>): void {
    const stamped = { ...event, time: Date.now() } as ProvisionEvent;
    for (const listener of this.#listeners) {
      try {
        listener(stamped);
      } catch (error) {
        this.#log.error({ err: error, reason: messageOf(error) }, 'a listener of events failed');
      }
    }
  }
}
