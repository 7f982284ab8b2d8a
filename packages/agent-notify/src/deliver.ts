import { DeliveryError, type Notification, type Protocol, RecipientError } from './protocol.js';

/** Delivers through the protocol that the recipient names, and returns its name. Throws DeliveryError. */
export async function deliver(
  protocols: ReadonlyMap<string, Protocol>,
  notification: Notification,
  signal: AbortSignal,
): Promise<string> {
  const { recipient } = notification;
  const [, name, address] = /^([a-z][a-z0-9]*):\/\/(.+)$/.exec(recipient) ?? [];
  if (name === undefined || address === undefined) {
    throw new RecipientError(`Recipient ${JSON.stringify(recipient)} is not of the form protocol://name`);
  }
  const protocol = protocols.get(name);
  if (!protocol) {
    const known = [...protocols.keys()].join(', ');
    throw new DeliveryError(`Protocol "${name}" is not configured here; configured are: ${known}`);
  }
  signal.throwIfAborted();
  await protocol.deliver(address, notification, signal);
  return name;
}
