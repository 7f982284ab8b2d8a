import { oneLine } from '../rpc/one-line.js';
import type { Step } from './step.js';

/** Starts Puppet's agent as a daemon. */
export const puppetDaemonize: Step = {
  name: 'puppet_daemonize',
  timeoutSeconds: 60,
  run: async ({ session }) => {
    const { output } = await session.node.change('daemonize_puppet', (agent, claim, options) =>
      agent.daemonize_puppet({ ...claim }, options),
    );
    return { outcome: 'ok', ...(output === null ? {} : { reason: oneLine(output) }) };
  },
};
