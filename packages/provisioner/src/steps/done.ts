import { hasLeft } from './has-left.js';
import type { Step } from './step.js';

/** Ends the provisioning: the node's provision agent disables itself, if the final configuration kept it. */
export const done: Step = {
  name: 'done',
  timeoutSeconds: 30,
  recording: 'after',
  run: async ({ session, config, signal }) => {
    try {
      await session.node.change(
        'disable_provisioner',
        (agent, claim, options) => agent.disable_provisioner({ ...claim }, options),
        { answerWithin: 5, signal },
      );
      return { outcome: 'ok' };
    } catch (error) {
      if (!hasLeft(error, config.steps)) throw error;
      return { outcome: 'ok', reason: 'the final configuration removed the provision agent' };
    }
  },
};
