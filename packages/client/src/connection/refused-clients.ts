import type { Topics, Transport } from '@troupe/core';
import { parseRefusals, type RefusedClient } from '@troupe/core/internal';

/**
 * Delivers the reports of an embedded broker about clients that it refused, until the result is called. Nothing of them is
 * proved. Other brokers report nothing.
 */
export function watchRefusedClients(
  { transport, topics }: { readonly transport: Transport; readonly topics: Topics },
  collective: string,
  listener: (refused: readonly RefusedClient[]) => void,
): Promise<() => Promise<void>> {
  const topic = topics.refusals(collective);
  // The filter that a caller may subscribe to at every broker: some end the connection for any other.
  return transport.subscribe(topics.events(collective), (payload, name) => {
    if (name !== topic) return;
    const refused = parseRefusals(payload);
    if (refused.length > 0) listener(refused);
  });
}
