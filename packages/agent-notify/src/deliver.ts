import { TroupeError } from '@troupe/core';
import { DeliveryError, RecipientError } from './delivery-error.js';
import type { Notification } from './notification.js';
import { isProtocol, protocolNames, retirementOf } from './protocols/names.js';
import type { Protocol } from './protocols/protocol.js';
import { render, type TemplateConfig, withTemplates } from './template/template.js';

/** Where notifications can go: the protocols by name, and the templates of single recipients. */
export interface Routes {
  readonly protocols: ReadonlyMap<string, Protocol>;
  readonly templates: ReadonlyMap<string, TemplateConfig>;
}

/** The parts of `protocol://address`. Throws RecipientError. */
export function parseRecipient(recipient: string): { readonly name: string; readonly address: string } {
  const [, name, address] = /^([a-z][a-z0-9]*):\/\/(.+)$/.exec(recipient) ?? [];
  if (name === undefined || address === undefined)
    throw new RecipientError(`Invalid recipient ${JSON.stringify(recipient)}: expected PROTOCOL://NAME`);
  return { name, address };
}

/** The protocol that a recipient names. Throws RecipientError, and DeliveryError if it is not configured. */
export function protocolOf({ protocols }: Routes, name: string): Protocol {
  const protocol = protocols.get(name);
  if (protocol) return protocol;
  const retirement = retirementOf(name);
  if (retirement !== undefined) throw new RecipientError(`Protocol "${name}" cannot be used: ${retirement}`);
  if (!isProtocol(name))
    throw new RecipientError(`Unknown protocol "${name}"; supported: ${protocolNames.join(', ')}`);
  const configured = [...protocols.keys()].join(', ') || 'none';
  throw new DeliveryError(
    `Protocol "${name}" is not configured on this notifier; configured: ${configured}`,
    {
      isFinal: true,
    },
  );
}

/** Throws DeliveryError if this notifier cannot deliver anything to a recipient. */
export function checkRecipient(routes: Routes, recipient: string): void {
  const { name, address } = parseRecipient(recipient);
  protocolOf(routes, name).layout(address);
}

/** Delivers through the protocol that the recipient names. Throws DeliveryError. */
export async function deliver(
  routes: Routes,
  notification: Notification,
  signal: AbortSignal,
): Promise<void> {
  const { recipient } = notification;
  const { name, address } = parseRecipient(recipient);
  const protocol = protocolOf(routes, name);
  const layout = withTemplates(protocol.layout(address), routes.templates.get(recipient));
  const letter = { address, notification, ...render(layout, notification) };
  const fault = layout.check?.(letter.body);
  if (fault !== undefined)
    throw new DeliveryError(`Invalid template for ${recipient}: ${fault}`, { isFinal: true });
  signal.throwIfAborted();
  try {
    await protocol.deliver(letter, signal);
  } catch (error) {
    // A file with a secret may have gone, or been opened to others, since the start.
    if (error instanceof TroupeError) throw new DeliveryError(error.message, { cause: error });
    throw error;
  }
}
