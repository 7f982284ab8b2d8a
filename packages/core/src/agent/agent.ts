import type { ActionNames, ActionOf, Ddl, InputOf, OutputOf } from '../ddl/ddl.js';
import type { CompileOptions } from '../ddl/validator-choice.js';
import type { Facts } from '../filter/filter.js';
import type { Logger } from '../log/logger.js';

/** What a handler knows of the call that it serves. */
export interface Context {
  /** Who calls: the authenticated name, such as `rip.mcollective`. */
  readonly caller: string;
  /** The id of the request; the same request never runs twice on a node. */
  readonly requestId: string;
  /** Milliseconds since 1970 by the caller's clock: when the request was made. */
  readonly requestedAt: number;
  /** Seconds after `requestedAt` in which a node may begin. */
  readonly ttlSeconds: number;
  readonly identity: string;
  readonly collective: string;
  /** The trace that the call belongs to, if the caller sent one: W3C Trace Context. */
  readonly traceparent?: string;
  /** Bound to agent, action and request. */
  readonly log: Logger;
  /** Fires when the action's time is over, the caller cancels, or the daemon stops for good. */
  readonly signal: AbortSignal;
  /** Seconds that the action may take in all. */
  readonly timeoutSeconds: number;
  /** Sends a piece of output to the caller now; `data` is any JSON value. */
  progress(data: unknown): void;
  /** What the caller reads as the statusmsg of a success, in the place of "OK"; the last one counts. */
  statusmsg(text: string): void;
}

/** What an agent may know of the daemon that loads it. */
export interface Host {
  readonly identity: string;
  readonly log: Logger;
  /** A folder of the agent's own that outlives the daemon; it exists. */
  readonly stateDir: string;
  /**
   * True if the configuration is only checked (`mcod --check`): the agent validates its section, and starts, sends and changes
   * nothing. `stateDir` is then an empty folder that is removed afterwards.
   */
  readonly isCheck?: true;
  facts(): Facts;
  classes(): readonly string[];
  /** Offers a data plugin: what `NAME('query').output` in a filter and `rpcutil get_data` look up on this node. */
  provideData(name: string, lookup: DataLookup): void;
  /** Reads the configuration again and reconnects with it, after the replies under way are sent. */
  reload(): void;
  /** Has `close` called once when the daemon ends or reads its configuration again, after the last action has ended. */
  onClose(close: () => void | Promise<void>): void;
  /**
   * Until told otherwise the agent is loaded at each start with the section that it has now, also where the configuration
   * names it no more: for what must not be cut short by a new configuration. Not there for agents given in code.
   */
  readonly stay?: (isNeeded: boolean) => void;
  /**
   * Keeps the receipt of a provisioner, and shows it in the place of the enrolment token from then on. Throws if the receipt is
   * not for this machine. Not there on a host with a certificate.
   */
  readonly acceptReceipt?: (receipt: string) => Promise<void>;
}

/** A data plugin's answer to a query: flat values by output name. */
export type DataLookup = (query: string | undefined) => DataResult | Promise<DataResult>;
export type DataResult = Readonly<Record<string, string | number | boolean | null>>;

export type Handler<I, O> = (input: I, context: Context) => O | Promise<O>;

/** A handler for each action of the DDL. */
export type Handlers<D extends Ddl> = {
  [N in ActionNames<D>]: Handler<InputOf<ActionOf<D, N>>, OutputOf<ActionOf<D, N>>>;
};

/** The agent's own section of the configuration, frozen. The agent validates it and throws if it cannot work: it is left out then. */
export type AgentConfig = Readonly<Record<string, unknown>>;

/** Called once at start; returns the handlers, or nothing where the agent does not apply. */
export type Setup<D extends Ddl> = (
  config: AgentConfig,
  host: Host,
) => Handlers<D> | undefined | Promise<Handlers<D> | undefined>;

export type AnyHandler = Handler<Record<string, unknown>, Record<string, unknown>>;

/** An agent as the registry sees it: its DDL and its set-up, the types of the inputs forgotten. */
export interface Agent {
  readonly ddl: Ddl;
  /** How the DDL's named validators are found. */
  readonly compileOptions?: CompileOptions;
  setup(config: AgentConfig, host: Host): Promise<Readonly<Record<string, AnyHandler>> | undefined>;
}

/**
 * Makes an agent of a DDL and its handlers: the default export of an agent package. `validators` are those that the
 * DDL names and Troupe has not; clients leave them to the nodes.
 */
export function defineAgent<const D extends Ddl>(
  ddl: D,
  setup: Setup<D>,
  { validators }: Pick<CompileOptions, 'validators'> = {},
): Agent {
  return {
    ddl,
    ...(validators && { compileOptions: { validators } }),
    setup: async (config, host) => (await setup(config, host)) as Record<string, AnyHandler> | undefined,
  };
}
