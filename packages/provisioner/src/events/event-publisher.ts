import type { Client } from '@troupe/client';
import { type Logger, messageOf } from '@troupe/core';
import type { EventListener, ProvisionEvent } from './events.js';

/** The kind of the events that a provisioner publishes on the network. */
export const eventKind = 'provision';

/** Too frequent, or without a result. */
const unpublished: ReadonlySet<ProvisionEvent['type']> = new Set(['output', 'step-started']);

/** Publishes each event on the network, signed. Lost events are not repeated: the node's record has all of them. */
export function eventPublisher(
  client: Pick<Client, 'publishEvent'>,
  owner: string,
  log: Logger,
): EventListener {
  let isFailing = false;
  return (event) => {
    if (unpublished.has(event.type)) return;
    const { time: _, ...data } = event;
    client.publishEvent(eventKind, { owner, ...data }).then(
      () => {
        isFailing = false;
      },
      (error: unknown) => {
        // Once for each loss of the broker.
        if (!isFailing) log.debug({ reason: messageOf(error) }, 'cannot publish events');
        isFailing = true;
      },
    );
  };
}
