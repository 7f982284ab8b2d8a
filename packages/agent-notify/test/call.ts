import { type AgentConfig, type Context, silentLogger } from '@troupe/core';
import agent from '../src/index.js';

/** Sets the agent up with a section of configuration and calls `sendmsg` as the daemon would. */
export async function sendmsg(
  config: AgentConfig,
  input: { recipient: string; message: string; subject?: string },
  options: { requestId?: string; signal?: AbortSignal } = {},
): Promise<Record<string, unknown>> {
  const handlers = await agent.setup(config, {
    identity: 'notifier.example.com',
    log: silentLogger,
    stateDir: '/nonexistent',
    facts: () => ({}),
    classes: () => [],
    reload: () => {},
    provideData: () => {},
    onClose: () => {},
  });
  const handler = handlers?.sendmsg;
  if (!handler) throw new Error('The agent has no action sendmsg');
  const context: Context = {
    caller: 'rip.mcollective',
    requestId: options.requestId ?? 'f00d',
    requestedAt: 0,
    ttlSeconds: 60,
    identity: 'notifier.example.com',
    collective: 'mcollective',
    log: silentLogger,
    signal: options.signal ?? new AbortController().signal,
    timeoutSeconds: 30,
    progress: () => {},
  };
  return handler(input, context);
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(
  promise: Promise<unknown>,
): Promise<Error & { status?: number; code?: string }> {
  const value = await promise.then(
    (result) => ({ result }),
    (error: Error) => error,
  );
  if (value instanceof Error) return value;
  throw new Error(`Expected an error, not ${JSON.stringify(value.result)}`);
}
