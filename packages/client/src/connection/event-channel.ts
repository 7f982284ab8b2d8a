import {
  type Logger,
  open,
  type RefusedClient,
  type Security,
  seal,
  type Topic,
  type Topics,
  type Transport,
  TroupeError,
} from '@troupe/core';
import { reasonOf } from '@troupe/core/internal';
import { watchRefusedClients } from './refused-clients.js';
import { rejectionOf } from './rejection.js';

/** An event, as its sender publishes it on its event topic. */
export interface Event {
  readonly v: 1;
  readonly type: 'event';
  /** What it is about, such as `provision`. */
  readonly kind: string;
  readonly sender: string;
  readonly collective: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Publishes events, signed by this caller, and delivers authenticated events of others. */
export class EventChannel {
  readonly #parts: { transport: Transport; topics: Topics; security: Security; log: Logger };

  constructor(parts: { transport: Transport; topics: Topics; security: Security; log: Logger }) {
    this.#parts = parts;
  }

  /** Throws NOT_CONNECTED. */
  async publish(kind: string, data: Event['data'], collective: string): Promise<void> {
    const { transport, topics, security } = this.#parts;
    const { signer } = security;
    const event: Event = {
      v: 1,
      type: 'event',
      kind,
      sender: signer.name,
      collective,
      time: Date.now(),
      data,
    };
    await transport.publish(topics.event(collective, signer.name), await seal(event, signer));
  }

  /** Delivers events to the listener until the returned function is called; a rejected event is only logged. */
  subscribe(collective: string, listener: (event: Event) => void): Promise<() => Promise<void>> {
    const { transport, topics, log } = this.#parts;
    return transport.subscribe(topics.events(collective), (bytes, name) => {
      // The report of a broker is no event.
      if (name === topics.refusals(collective)) return;
      this.#open(bytes, topics.parse(name), collective).then(listener, (error: unknown) => {
        log.debug({ topic: name, ...reasonOf(error) }, `event rejected: ${rejectionOf(error)}`);
      });
    });
  }

  /** Delivers what the broker reports about clients that it refused, until the returned function is called. */
  subscribeToRefusals(
    collective: string,
    listener: (refused: readonly RefusedClient[]) => void,
  ): Promise<() => Promise<void>> {
    return watchRefusedClients(this.#parts, collective, listener);
  }

  async #open(bytes: Uint8Array, topic: Topic | undefined, collective: string): Promise<Event> {
    const { payload, proof } = await open(bytes, this.#parts.security.verifier);
    const event = payload as Partial<Event> | null;
    const isSound =
      event?.v === 1 &&
      event.type === 'event' &&
      typeof event.kind === 'string' &&
      event.collective === collective &&
      Number.isFinite(event.time) &&
      typeof event.data === 'object' &&
      event.data !== null;
    if (!isSound) throw new TroupeError('MESSAGE_MALFORMED', 'malformed event');
    const identity = topic?.kind === 'event' ? topic.identity : undefined;
    if (event.sender !== identity || (proof.name !== undefined && proof.name !== event.sender)) {
      throw new TroupeError(
        'SIGNATURE_INVALID',
        `an event from "${proof.name ?? event.sender}" arrived on the topic of "${identity}"`,
      );
    }
    return event as Event;
  }
}
