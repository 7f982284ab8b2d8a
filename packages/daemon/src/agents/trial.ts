import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  type AgentConfig,
  type DataLookup,
  emptyFilter,
  type Facts,
  type Host,
  type Logger,
  messageOf,
  type Request,
  Status,
  silentLogger,
  TroupeError,
} from '@troupe/core';
import { Job } from '../request/job.js';
import { type Ending, runAction } from '../request/run.js';
import { Closers } from './closers.js';
import { loadAgent } from './registry.js';

export interface TrialOptions {
  /** The agent's section of the configuration. */
  readonly config?: AgentConfig;
  readonly identity?: string;
  readonly facts?: Facts;
  readonly classes?: readonly string[];
  readonly caller?: string;
  readonly log?: Logger;
  /** A folder for the agent's state that outlives the trial; otherwise a temporary one. */
  readonly stateDir?: string;
  /** What the agent can ask of the daemon; by default nothing happens. */
  readonly host?: Pick<Host, 'acceptReceipt'> & Partial<Pick<Host, 'reload'>>;
}

/** What a caller would get, and the progress on the way. */
export interface TrialResult extends Ending {
  readonly progress: readonly unknown[];
}

/** An agent at work without daemon and network. */
export interface Trial {
  /** The data plugins that the agent offers. */
  readonly data: ReadonlyMap<string, DataLookup>;
  /** Calls an action as the daemon would: the input is checked, time is limited, defaults are filled in. Never rejects. */
  call(
    action: string,
    input?: Readonly<Record<string, unknown>>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<TrialResult>;
  /** Closes the agent, and removes its state if that is in a temporary folder. */
  close(): Promise<void>;
}

/** Sets an agent up in this process, for its author's tests. Throws what a daemon would refuse it for, and AGENT_INVALID where it does not apply to this host. */
export async function tryAgent(agent: Agent, options: TrialOptions = {}): Promise<Trial> {
  const { identity = 'node1.example.net', caller = 'tester.mcollective', log = silentLogger } = options;
  const { name } = agent.ddl.metadata;
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'troupe-trial-')));
  const closers = new Closers();
  const data = new Map<string, DataLookup>();
  const host: Host = {
    identity,
    log,
    stateDir,
    facts: () => options.facts ?? {},
    classes: () => options.classes ?? [],
    provideData: (plugin, lookup) => data.set(plugin, lookup),
    reload: () => {},
    ...options.host,
    onClose: (close) => closers.add(name, close),
  };
  const close = async () => {
    await closers.close(log);
    if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
  };
  try {
    const loaded = await loadAgent(agent, name, Object.freeze({ ...options.config }), host);
    if (!loaded) throw new TroupeError('AGENT_INVALID', `the agent "${name}" does not apply to this host`);
    const call: Trial['call'] = async (action, input = {}, { signal } = {}) => {
      const compiled = loaded.compiled.action(action);
      if (!compiled) return refused(Status.unknownAction, loaded.compiled.unknownAction(action));
      const fault = compiled.checkInput(input);
      if (fault) return refused(fault.status, fault.message);
      const job = jobOf({ agent: name, action, input, caller }, identity);
      return await run({ job, agent: loaded, identity, log }, signal);
    };
    return { data, close, call };
  } catch (error) {
    await close();
    throw error;
  }
}

function jobOf(asked: Pick<Request, 'agent' | 'action' | 'input' | 'caller'>, identity: string): Job {
  const now = Date.now();
  const request: Request = {
    v: 1,
    type: 'request',
    id: randomBytes(16).toString('hex'),
    time: now,
    ttl: 60,
    session: 'trial',
    collective: 'mcollective',
    filter: emptyFilter,
    ...asked,
  };
  return new Job(request, identity, now);
}

function run(
  parts: Pick<Parameters<typeof runAction>[0], 'job' | 'agent' | 'identity' | 'log'>,
  signal: AbortSignal | undefined,
): Promise<TrialResult> {
  const { job } = parts;
  const progress: unknown[] = [];
  const cancel = () => job.abort.abort(new Error(messageOf(signal?.reason)));
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return new Promise((resolve) => {
    const action = runAction({
      ...parts,
      reply: (body) => {
        job.add(body, Date.now());
        if (body.kind === 'progress') progress.push(body.data);
      },
      ended: (ending) => {
        signal?.removeEventListener('abort', cancel);
        resolve({ ...ending, progress });
      },
    });
    void action.run();
  });
}

function refused(statuscode: number, statusmsg: string): TrialResult {
  return { outcome: 'failed', statuscode, statusmsg, data: {}, progress: [] };
}
