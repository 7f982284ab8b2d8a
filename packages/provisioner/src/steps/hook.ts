import type { Hook } from '../config/hooks.js';
import { StepFailure } from '../rpc/failure.js';
import { callSiteAction } from './site-action.js';
import type { Step } from './step.js';

/**
 * A custom step: calls an action of the agent that the configuration names. `isAfterHandOver`: the node need not have
 * a provision agent any more.
 */
export function hookStep(hook: Hook, isAfterHandOver: boolean): Step {
  return {
    name: hook.name,
    timeoutSeconds: 300,
    ...(isAfterHandOver ? { recording: 'after' } : {}),
    run: async (context) => {
      try {
        const { sender, statusmsg } = await callSiteAction(hook, context);
        return { outcome: 'ok', reason: `${hook.agent} ${hook.action} on ${sender}: ${statusmsg}` };
      } catch (error) {
        if (!(error instanceof StepFailure) || context.signal.aborted) throw error;
        const isOwn = error.kind === 'failed' || error.kind === 'gone' || error.kind === 'unreachable';
        if (hook.optional && isOwn) {
          return { outcome: 'skipped', reason: `failed, but is optional: ${error.message}` };
        }
        // The configuration names an agent that the node does not have.
        throw error.kind === 'gone' ? new StepFailure('failed', error.message, { cause: error }) : error;
      }
    },
  };
}
