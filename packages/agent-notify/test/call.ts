import { type AgentConfig, type Context, silentLogger } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import agent from '../src/index.js';

export interface Message {
  readonly recipient: string;
  readonly message: string;
  readonly subject?: string;
  readonly id?: string;
  readonly fields?: Record<string, unknown>;
}

/** Sets the agent up with a section of configuration and calls `sendmsg` as the daemon would; nothing is kept. */
export async function sendmsg(
  config: AgentConfig,
  input: Message,
  options: { requestId?: string; signal?: AbortSignal } = {},
): Promise<Record<string, unknown>> {
  await using folder = await createTempFolder();
  const closers: (() => void | Promise<void>)[] = [];
  const handlers = await agent.setup(config, {
    identity: 'notifier.example.com',
    log: silentLogger,
    stateDir: folder.path,
    facts: () => ({}),
    classes: () => [],
    reload: () => {},
    provideData: () => {},
    onClose: (close) => void closers.push(close),
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
    statusmsg: () => {},
  };
  try {
    return await handler({ ...input, spool: false }, context);
  } finally {
    for (const close of closers) await close();
  }
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
