import { emptyFilter, matches, messageOf } from '@troupe/core';
import { ask } from '../ask.js';
import { StepFailure } from '../failure.js';
import type { FilterNode, StepContext } from './step.js';

/** Says so where the configuration's condition of a step is not true of the node. Throws StepFailure. */
export async function unmetCondition(context: StepContext, step: string): Promise<string | undefined> {
  const { condition } = context.config.stepSettings[step] ?? {};
  if (!condition) return undefined;
  const { session } = context;
  session.view ??= viewOf(context);
  const view = await session.view;
  try {
    const isTrue = await matches({ ...emptyFilter, compound: [condition.expression] }, view);
    return isTrue ? undefined : `not true of this node: ${condition.text}`;
  } catch (cause) {
    if (cause instanceof StepFailure) throw cause;
    throw new StepFailure('failed', `the condition of ${step}: ${messageOf(cause)}`, { cause });
  }
}

async function viewOf({ session, peers, signal }: StepContext): Promise<FilterNode> {
  const { identity, collective } = session.node;
  const options = { targets: [identity], collective, signal };
  const { data } = await ask(() => peers.rpcutil.inventory({}, options), 'rpcutil inventory');
  const texts = (values: unknown[] | null) => (values ?? []).map(String);
  return {
    identity,
    facts: data.facts ?? {},
    classes: texts(data.classes),
    agents: texts(data.agents),
    data: async (source, query) => {
      const input = query === undefined ? { source } : { source, query };
      const answer = await ask(() => peers.rpcutil.get_data(input, options), 'rpcutil get_data');
      return answer.data;
    },
  };
}
