import type { Request } from '@troupe/core';
import { namesInMessage } from '../connection/node-messages.js';
import type { Discovery } from '../discovery/discovery.js';
import { chunks } from '../discovery/share.js';
import type { CallParts } from './call-parts.js';
import { mostDirect, narrowed, targetsOf } from './targets.js';

/** A request on its way. */
export interface Sent {
  /** What `client.attach` takes. */
  readonly id: string;
  readonly targets: readonly string[];
  readonly discovery?: Discovery;
}

/** Finds the targets of a request and sends it to them, once. */
export async function send(parts: CallParts & { readonly message: Request }): Promise<Sent> {
  const { router, options } = parts;
  const { targets, discovery, isWhole } = await targetsOf(options, () => parts.finder.find(parts.wanted));
  options.signal?.throwIfAborted();
  const message = { ...narrowed(parts.message, discovery, parts.agents), time: Date.now() };
  if (isWhole && targets.length > mostDirect) await router.broadcast(message, message.agent);
  else
    for (const names of chunks(targets, namesInMessage))
      await router.direct({ ...message, targets: names }, names);
  const sent = { id: message.id, targets };
  return discovery ? { ...sent, discovery } : sent;
}
