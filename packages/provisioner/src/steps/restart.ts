import { StepFailure } from '../rpc/failure.js';
import type { Step, StepContext } from './step.js';
import { verifySeconds } from './verify.js';

/** Hands the node over: its daemon reads the configuration that Puppet has installed. */
export const restart: Step = {
  name: 'restart',
  timeoutSeconds: 60,
  recording: 'first',
  run: async (context) => {
    const { session, signal } = context;
    await keepWhileAway(context);
    try {
      await session.node.change('restart', (agent, claim, options) => agent.restart({ ...claim }, options), {
        signal,
      });
    } catch (error) {
      // It may disconnect before its reply is sent: the next step finds out.
      const isAway =
        error instanceof StepFailure && (error.kind === 'unreachable' || error.kind === 'interrupted');
      if (!isAway) throw error;
      return { outcome: 'ok', reason: 'the node disconnected before it replied' };
    }
    return { outcome: 'ok' };
  },
};

// A lease cannot be renewed while the node is offline.
async function keepWhileAway({ session, config }: StepContext): Promise<void> {
  const away = config.stepSettings.verify?.timeout ?? verifySeconds;
  await session.lease?.confirm(Math.ceil(away) + config.leaseSeconds);
  session.lease?.stop();
}
