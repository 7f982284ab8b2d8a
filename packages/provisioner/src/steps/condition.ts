import { emptyFilter, matches, messageOf } from '@troupe/core';
import { viewOf } from '../node/node-view.js';
import { StepFailure } from '../rpc/failure.js';
import type { StepContext } from './step.js';

/** Why a step is skipped if the node does not match its condition in the configuration. Throws StepFailure. */
export async function unmetCondition(context: StepContext, step: string): Promise<string | undefined> {
  const { condition } = context.config.stepSettings[step] ?? {};
  if (!condition) return undefined;
  const { session, peers, signal } = context;
  session.view ??= viewOf(session.node, peers, signal);
  const view = await session.view;
  try {
    const isTrue = await matches({ ...emptyFilter, compound: [condition.expression] }, view);
    return isTrue ? undefined : `the node does not match the condition: ${condition.text}`;
  } catch (cause) {
    if (cause instanceof StepFailure) throw cause;
    throw new StepFailure('failed', `cannot evaluate the condition of ${step}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
