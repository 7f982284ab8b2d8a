import { emptyFilter, matches, messageOf } from '@troupe/core';
import { viewOf } from '../node/node-view.js';
import { StepFailure } from '../rpc/failure.js';
import type { StepContext } from './step.js';

/** Says so where the configuration's condition of a step is not true of the node. Throws StepFailure. */
export async function unmetCondition(context: StepContext, step: string): Promise<string | undefined> {
  const { condition } = context.config.stepSettings[step] ?? {};
  if (!condition) return undefined;
  const { session, peers, signal } = context;
  session.view ??= viewOf(session.node, peers, signal);
  const view = await session.view;
  try {
    const isTrue = await matches({ ...emptyFilter, compound: [condition.expression] }, view);
    return isTrue ? undefined : `not true of this node: ${condition.text}`;
  } catch (cause) {
    if (cause instanceof StepFailure) throw cause;
    throw new StepFailure('failed', `the condition of ${step}: ${messageOf(cause)}`, { cause });
  }
}
