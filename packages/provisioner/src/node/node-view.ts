import type { CallOptions } from '@troupe/client';
import type { matches } from '@troupe/core';
import { good } from '../rpc/ask.js';
import type { KeyPin } from '../rpc/key-pin.js';
import { answerOf } from '../rpc/newcomer.js';
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
  peers: Peers,
  signal: AbortSignal,
): Promise<NodeView> {
  const { rpcutil } = peers;
  const options = { targets: [identity], collective, signal };
  const target = { identity, collective };
  const what = 'rpcutil inventory';
  const result = await answerOf(
    target,
    peers,
    (dated) => rpcutil.inventory({}, { ...options, ...dated }),
    what,
  );
  const { data } = good(result, what, pin);
  const texts = (values: unknown[] | null) => (values ?? []).map(String);
  return {
    identity,
    facts: data.facts ?? {},
    classes: texts(data.classes),
    agents: texts(data.agents),
    data: async (source, query) => {
      const input = query === undefined ? { source } : { source, query };
      const call = (dated: Pick<CallOptions, 'clockOffset'>) =>
        rpcutil.get_data(input, { ...options, ...dated });
      const answer = await answerOf(target, peers, call, 'rpcutil get_data');
      return good(answer, 'rpcutil get_data', pin).data;
    },
  };
}
