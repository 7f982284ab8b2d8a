import type { Client } from '@troupe/client';
import { type Logger, messageOf } from '@troupe/core';
import type { EventListener, ProvisionEvent } from './events.js';

/** The kind of the events that a provisioner tells on the network. */
export const eventKind = 'provision';

/** Too much of it, or nothing that was decided. */
const untold: ReadonlySet<ProvisionEvent['type']> = new Set(['output', 'step-started']);

/** Tells each event on the network, signed; what the network loses is lost, because the node's record has it all. */
export function eventPublisher(
  client: Pick<Client, 'publishEvent'>,
  owner: string,
  log: Logger,
): EventListener {
  let isMute = false;
  return (event) => {
    if (untold.has(event.type)) return;
    const { time: _, ...data } = event;
    client.publishEvent(eventKind, { owner, ...data }).then(
      () => {
        isMute = false;
      },
      (error: unknown) => {
        // Once for each loss of the broker.
        if (!isMute) log.debug({ reason: messageOf(error) }, 'events cannot be told now');
        isMute = true;
      },
    );
  };
}
