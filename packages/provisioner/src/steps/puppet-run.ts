import type { Call, CallOptions } from '@troupe/client';
import type { Claim } from '../rpc/node-agent.js';
import type { ProvisionAgent } from '../rpc/peers.js';
import type { Step, StepContext } from './step.js';

interface RunData {
  readonly run: string | null;
  readonly seconds: number | null;
  readonly reason: string | null;
  readonly environment: string | null;
  readonly attached: boolean | null;
}

type RunInput = Claim & { environment?: string };

// The node's agent attaches to a run in progress.
function puppetRun(
  name: 'puppet_bootstrap_stage' | 'puppet_final_run',
  call: (agent: ProvisionAgent, input: RunInput, options: CallOptions) => Call<RunData>,
): Step {
  return {
    name,
    timeoutSeconds: 3600,
    needsMaster: true,
    run: async (context) => {
      const { environment } = context.config.stepSettings[name] ?? {};
      const {
        session: { node },
        timeoutSeconds,
        signal,
      } = context;
      const data = await node.change(
        name,
        (agent, claim, options) =>
          call(agent, environment === undefined ? claim : { ...claim, environment }, options),
        { timeout: timeoutSeconds, signal, onProgress: ({ data: piece }) => show(context, piece) },
      );
      return {
        outcome: 'ok',
        reason: `${data.attached ? 'attached to a run in progress: ' : ''}${data.reason ?? 'the run succeeded'}`,
        ...(data.run === null ? {} : { run: data.run }),
        ...(data.seconds === null ? {} : { runSeconds: data.seconds }),
      };
    },
  };
}

/** Runs Puppet in the bootstrap environment. */
export const puppetBootstrapStage = puppetRun('puppet_bootstrap_stage', (agent, input, options) =>
  agent.bootstrap_puppet(input, options),
);

/** Runs Puppet in the node's own environment. */
export const puppetFinalRun = puppetRun('puppet_final_run', (agent, input, options) =>
  agent.run_puppet(input, options),
);

function show(context: StepContext, piece: unknown): void {
  context.output(typeof piece === 'string' ? piece : JSON.stringify(piece));
}
