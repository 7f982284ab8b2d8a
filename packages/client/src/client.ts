import {
  type ActionNames,
  type ActionOf,
  type CallInputOf,
  type Credentials,
  checkFilter,
  type DataOf,
  type Ddl,
  emptyFilter,
  type Filter,
  isName,
  type Logger,
  namedNodes,
  type Reply,
  type Request,
  type Topics,
  type Transport,
  TroupeError,
} from '@troupe/core';
import { Call } from './call/call.js';
import type { AttachOptions, CallOptions, ListenOptions, SendOptions } from './call/call-options.js';
import type { CallParts } from './call/call-parts.js';
import { checkRollout } from './call/rollout.js';
import { type Sent, send } from './call/send.js';
import type { ClientConfig } from './config.js';
import { ConnectionWaiters } from './connection/connection-waiters.js';
import type { Event, EventChannel } from './connection/event-channel.js';
import { attach, defaultTtl, newId, request } from './connection/node-messages.js';
import type { Router } from './connection/router.js';
import { compiledDdl } from './ddl/compiled-ddl.js';
import type { Discovery, DiscoveryOptions } from './discovery/discovery.js';
import { Finder } from './discovery/finder.js';
import { type NodeChange, nodeChanges } from './presence/node-changes.js';
import type { PresenceView } from './presence/presence-view.js';
import { PresenceViews } from './presence/presence-views.js';
import { listenerIterator } from './waiting/listener-iterator.js';

/** An agent's actions as functions, typed by its DDL. */
export type AgentClient<D extends Ddl> = {
  [N in ActionNames<D>]: (
    input: CallInputOf<ActionOf<D, N>>,
    options?: CallOptions,
  ) => Call<DataOf<ActionOf<D, N>>>;
};

interface ClientParts {
  readonly config: ClientConfig;
  readonly transport: Transport;
  readonly topics: Topics;
  readonly router: Router;
  readonly events: EventChannel;
  readonly credentials: Credentials;
  readonly log: Logger;
}

/** Finds nodes and calls their agents. */
export class Client {
  readonly config: ClientConfig;
  readonly #transport: Transport;
  readonly #router: Router;
  readonly #events: EventChannel;
  readonly #connectionWaiters: ConnectionWaiters;
  readonly #finder: Finder;
  readonly #presence: PresenceViews;

  /** @internal Use `connect`. */
  constructor(parts: ClientParts) {
    this.config = parts.config;
    this.#transport = parts.transport;
    this.#connectionWaiters = new ConnectionWaiters(parts.transport);
    this.#router = parts.router;
    this.#events = parts.events;
    this.#presence = new PresenceViews(parts.transport, parts.topics, (identity) =>
      parts.router.invalidateKey(identity),
    );
    this.#finder = new Finder({
      ...parts,
      presence: (collective) => this.#presence.of(collective),
      ddlDirs: parts.config.ddl_dirs,
    });
  }

  /** The authenticated name of this caller. */
  get caller(): string {
    return this.#router.caller;
  }

  /** What other clients of this caller name as `replyTo` to have replies sent here. */
  get session(): string {
    return this.#router.session;
  }

  /** Requests of this client that have not ended: calls and discoveries. */
  get open(): number {
    return this.#router.openRequests;
  }

  /** The collective that is meant when none is named. */
  get mainCollective(): string {
    return this.config.collectives[0] ?? 'mcollective';
  }

  /** A filter of the given parts. Throws FILTER_INVALID. */
  filter(parts: Partial<Filter>): Filter {
    return checkFilter({ ...emptyFilter, ...parts });
  }

  /** Who is online in a collective, kept up to date from the first asking on. */
  async presence(collective = this.mainCollective): Promise<PresenceView> {
    const view = await this.#presence.of(collective);
    await view.settled();
    return view;
  }

  /**
   * The nodes that match a filter. A filter that only names nodes is not asked about. Throws FILTER_INVALID where a
   * data function of the filter is known to be wrong, and what a source throws.
   */
  discover(options: Partial<DiscoveryOptions> = {}): Promise<Discovery> {
    return this.#finder.find(this.#wanted(options));
  }

  /** Asks every matching node, named outright or not, and hears of each as it answers. Throws FILTER_INVALID as `discover` does. */
  ping(options: Partial<DiscoveryOptions> = {}): Promise<Discovery> {
    return this.#finder.ask(this.#wanted(options));
  }

  #wanted({ collective = this.mainCollective, filter = emptyFilter, ...rest }: Partial<DiscoveryOptions>) {
    return { ...rest, collective, filter };
  }

  /** The actions of an agent, typed by its DDL. */
  agent<const D extends Ddl>(ddl: D): AgentClient<D> {
    const actions = ddl.actions.map(({ action }) => [
      action,
      (input: Record<string, unknown>, options?: CallOptions) => this.call(ddl, action, input, options),
    ]);
    return Object.fromEntries(actions) as AgentClient<D>;
  }

  /** Calls an action by name. Throws INPUT_INVALID before anything is sent when the input is not what the DDL says. */
  call(ddl: Ddl, action: string, input: Readonly<Record<string, unknown>>, options: CallOptions = {}): Call {
    checkRollout(options);
    return new Call({ ...this.#work(ddl, action, input, options), options });
  }

  /**
   * Sends a request and waits for no reply: what it is known by, for whoever attaches later, and to whom it went. It is
   * sent once, so a node may miss it. Throws as `call` does, and NOT_CONNECTED.
   */
  async send(
    ddl: Ddl,
    action: string,
    input: Readonly<Record<string, unknown>>,
    options: SendOptions = {},
  ): Promise<Sent> {
    const { replyTo } = options;
    if (replyTo !== undefined && !isName(replyTo))
      throw new TroupeError(
        'INPUT_INVALID',
        `"${replyTo}" is not a valid session name: use a-z, 0-9, "_", "-"`,
      );
    const work = this.#work(ddl, action, input, options);
    const address = replyTo === undefined ? { noReply: true } : { session: replyTo };
    return send({ ...work, message: { ...work.message, ...address }, options });
  }

  /**
   * The replies that come to this session and for which no call waits, until the consumer or the signal ends it: late
   * ones, and those of requests that another client sent with this session as `replyTo`.
   */
  replies(options: ListenOptions = {}): AsyncIterableIterator<Reply> {
    const { collective = this.mainCollective, signal } = options;
    return listenerIterator<Reply>((take) => this.#router.listenToOthers(collective, take), signal);
  }

  /**
   * Who comes and goes, from now until the consumer or the signal ends it; first those that are here already. A consumer
   * that is slow is told what is so, and not all that was meanwhile. Nothing comes where the broker does not tell.
   */
  nodes(options: ListenOptions = {}): AsyncIterableIterator<NodeChange> {
    const { collective = this.mainCollective, signal } = options;
    return nodeChanges(() => this.presence(collective), signal);
  }

  // What call and send have in common.
  #work(
    ddl: Ddl,
    action: string,
    input: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Omit<CallParts, 'options'> & { readonly message: Request } {
    const compiled = compiledDdl(ddl);
    const checked = compiled.action(action);
    if (!checked) throw new TroupeError('INPUT_INVALID', compiled.unknownAction(action));
    const complete = checked.withDefaults(input);
    const fault = checked.checkInput(complete);
    if (fault) throw new TroupeError('INPUT_INVALID', fault.message);
    const agent = ddl.metadata.name;
    const collective = options.collective ?? this.mainCollective;
    const given = options.filter ?? emptyFilter;
    const isNamed = namedNodes(given) !== undefined && !options.source;
    // A node without the agent says so when it is named; it is not looked for otherwise.
    const wanted = isNamed ? given : this.withAgent(given, agent);
    return {
      router: this.#router,
      presence: () => this.#presence.of(collective),
      finder: this.#finder,
      wanted: { filter: wanted, collective, ...discoveryPart(options) },
      message: request({
        ...this.#header(newId(), collective, options.ttl),
        agent,
        action,
        filter: isNamed ? { ...emptyFilter, agents: given.agents } : options.targets ? given : wanted,
        input: complete,
        ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      }),
      agents: given.agents,
    };
  }

  /** Listens to a request that somebody made before: what is kept of it on these nodes, and what is still to come. */
  attach(id: string, options: AttachOptions): Call {
    const collective = options.collective ?? this.mainCollective;
    return new Call({
      router: this.#router,
      presence: () => this.#presence.of(collective),
      finder: this.#finder,
      wanted: { filter: emptyFilter, collective },
      message: attach(this.#header(id, collective), 0),
      options,
    });
  }

  /** A filter for the same nodes, as far as they have an agent. */
  withAgent(filter: Filter, agent: string): Filter {
    return { ...filter, agents: [...new Set([...filter.agents, agent])] };
  }

  #header(id: string, collective: string, ttl = defaultTtl) {
    return { id, ttl, caller: this.caller, session: this.#router.session, collective };
  }

  /** Resolves when there is a connection to the broker, at once where there is one. Throws the signal's reason. */
  whenConnected(signal?: AbortSignal): Promise<void> {
    return this.#connectionWaiters.wait(signal);
  }

  /** Publishes an event, signed by this caller. Delivery is not guaranteed. Throws NOT_CONNECTED. */
  publishEvent(kind: string, data: Event['data'], collective = this.mainCollective): Promise<void> {
    return this.#events.publish(kind, data, collective);
  }

  /** Passes the events of a collective to the listener until the returned function is called; events that fail authentication are dropped. */
  onEvent(listener: (event: Event) => void, collective = this.mainCollective): Promise<() => Promise<void>> {
    return this.#events.subscribe(collective, listener);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

function discoveryPart({ discoveryTimeout, signal, source }: CallOptions): Partial<DiscoveryOptions> {
  return {
    ...(source && { source }),
    ...(discoveryTimeout === undefined ? {} : { window: discoveryTimeout }),
    ...(signal ? { signal } : {}),
  };
}
