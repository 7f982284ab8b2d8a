import {
  type ActionNames,
  type ActionOf,
  type Agent,
  type AgentConfig,
  type CallInputOf,
  compileDdl,
  createLogger,
  type DataOf,
  type Ddl,
  type Facts,
  MemoryBroker,
} from '@troupe/core';
import { emulateFleet } from '../fleet/fleet.js';
import { Caller, type CallResult, type CallWords } from './caller.js';

export interface HostAgentOptions {
  /** The agent's own section of the daemon's configuration. */
  readonly config?: AgentConfig;
  readonly identity?: string;
  readonly facts?: Facts;
  readonly classes?: readonly string[];
  /** Who calls; `test.mcollective` unless told. */
  readonly caller?: string;
}

type CallOptions = Pick<CallWords, 'timeout' | 'signal' | 'giveUpAfter'>;

/** What an action returned, with its outputs typed by the DDL. */
export type ActionResult<Data> = Omit<CallResult, 'data'> & { readonly data: Data };

/** An agent at work in a daemon of its own, in this process. */
export interface HostedAgent<D extends Ddl> extends AsyncDisposable {
  /** Runs an action with the input as a caller gives it. Throws where a successful output is not what the DDL declares. */
  call<N extends ActionNames<D>>(
    action: N,
    input: CallInputOf<ActionOf<D, N>>,
    options?: CallOptions,
  ): Promise<ActionResult<DataOf<ActionOf<D, N>>>>;
  /** The same for an input that the DDL does not allow, or an action that it lacks. */
  callAnyway(
    action: string,
    input: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<CallResult>;
  /** What daemon and agent have logged, each line parsed. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

/**
 * Starts an agent in a real daemon with a broker in memory, so that all of what a node does is done: the input is
 * checked against the DDL, time runs out, outputs are completed. Throws what the agent's set-up throws.
 */
export async function hostAgent<const D extends Ddl>(
  ddl: D,
  agent: Agent,
  options: HostAgentOptions = {},
): Promise<HostedAgent<D>> {
  const { config = {}, identity = 'node-1.test', facts, classes, caller } = options;
  const { name } = ddl.metadata;
  const log: Record<string, unknown>[] = [];
  const broker = new MemoryBroker();
  const fleet = await emulateFleet({
    instances: 1,
    broker,
    identity: () => identity,
    agents: [agent],
    plugins: { [name]: config },
    ...(facts && { facts: () => facts }),
    ...(classes && { classes: () => classes }),
    log: createLogger({ level: 'debug', destination: { write: (line) => void log.push(JSON.parse(line)) } }),
  });
  const link = new Caller({ transport: broker.connect(), ...(caller === undefined ? {} : { name: caller }) });
  const compiled = compileDdl(ddl, { ...agent.compileOptions, unknownValidators: 'skip' });
  const callAnyway = (action: string, input: Readonly<Record<string, unknown>>, more: CallOptions = {}) =>
    link.call({ identity, agent: name, action, input, ...more });
  const close = () => fleet.close();
  return {
    log,
    callAnyway,
    call: async (action, input, more) => {
      const declared = compiled.action(action);
      if (!declared) throw new RangeError(compiled.unknownAction(action));
      const result = await callAnyway(action, declared.withDefaults(input as Record<string, unknown>), more);
      const fault = result.outcome === 'ok' ? declared.checkOutput(result.data) : undefined;
      if (fault !== undefined)
        throw new Error(`${name}#${action}: the result does not match the DDL: ${fault}`);
      return result as ActionResult<never>;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
