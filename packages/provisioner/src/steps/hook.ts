import { resolveDdl } from '@troupe/client';
import type { Hook } from '../config/hooks.js';
import { anyNodeWith } from '../rpc/any-node.js';
import { ask } from '../rpc/ask.js';
import { asFailure, StepFailure } from '../rpc/failure.js';
import { certnameOf } from './ca.js';
import type { Step, StepContext } from './step.js';

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
        return { outcome: 'ok', reason: await call(hook, context) };
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

async function call(hook: Hook, context: StepContext): Promise<string> {
  const { peers, session, signal, timeoutSeconds } = context;
  const collective = hook.on === 'node' ? session.node.collective : peers.main;
  const what = `${hook.agent} ${hook.action}`;
  const target = await targetOf(hook, context);
  const ddl = await resolveDdl(peers.client, hook.agent, collective).catch((error: unknown) => {
    throw asFailure(error, what);
  });
  const input = await filledIn(hook.input, context);
  const options = { targets: [target], collective, signal, timeout: timeoutSeconds };
  const pin = hook.on === 'node' ? session.node.pin : undefined;
  const result = await ask(() => peers.client.call(ddl, hook.action, input, options), what, pin);
  return `${what} on ${result.sender}: ${result.statusmsg}`;
}

async function targetOf(hook: Hook, { peers, session, master }: StepContext): Promise<string> {
  if (hook.on === 'node') return session.node.identity;
  if (hook.on === 'master') return master.identity;
  const target = await anyNodeWith(hook.agent, peers);
  if (target !== undefined) return target;
  throw new StepFailure(
    'unreachable',
    `no node with the agent ${hook.agent} found in the collective ${peers.main}`,
  );
}

async function filledIn(input: Hook['input'], context: StepContext): Promise<Record<string, unknown>> {
  const known: Readonly<Record<string, string>> = {
    identity: context.session.identity,
    certname: await certnameOf(context),
    master: context.master.identity,
  };
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (all, name: string) => known[name] ?? all);
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, typeof value === 'string' ? fill(value) : value]),
  );
}
