import type { matches } from '@troupe/core';
import { ask } from '../rpc/ask.js';
import type { KeyPin } from '../rpc/key-pin.js';
import type { Peers } from '../rpc/peers.js';

/** A node as filters see it. */
export type NodeView = Parameters<typeof matches>[1];

/**
 * What a filter can be tried on without asking the whole network; data plugins are asked when they are needed. If the
 * node is being provisioned, all of it comes from the machine with the pinned key. Throws StepFailure.
 */
export async function viewOf(
  {
    identity,
    collective,
    pin,
  }: { readonly identity: string; readonly collective: string; readonly pin?: KeyPin },
  { rpcutil }: Peers,
  signal: AbortSignal,
): Promise<NodeView> {
  const options = { targets: [identity], collective, signal };
  const { data } = await ask(() => rpcutil.inventory({}, options), 'rpcutil inventory', pin);
  const texts = (values: unknown[] | null) => (values ?? []).map(String);
  return {
    identity,
    facts: data.facts ?? {},
    classes: texts(data.classes),
    agents: texts(data.agents),
    data: async (source, query) => {
      const input = query === undefined ? { source } : { source, query };
      const answer = await ask(() => rpcutil.get_data(input, options), 'rpcutil get_data', pin);
      return answer.data;
    },
  };
}
