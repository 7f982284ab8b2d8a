import { oneLine } from '@troupe/core/internal';
import type { Step } from './step.js';

/** Starts Puppet's agent as a daemon. */
export const puppetDaemonize: Step = {
  name: 'puppet_daemonize',
  timeoutSeconds: 60,
  run: async ({ session, signal }) => {
    const { output } = await session.node.change(
      'daemonize_puppet',
      (agent, claim, options) => agent.daemonize_puppet({ ...claim }, options),
      { signal },
    );
    return { outcome: 'ok', ...(output === null ? {} : { reason: oneLine(output) }) };
  },
};
