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
  type RefusedClient,
  type Reply,
  type Transport,
  TroupeError,
} from '@troupe/core';
import { Call } from './call/call.js';
import type { AttachOptions, CallOptions, ListenOptions, SendOptions } from './call/call-options.js';
import type { CallParts } from './call/call-parts.js';
import { DdlVariants, madeOf } from './call/ddl-variants.js';
import { checkRollout } from './call/rollout.js';
import { type Sent, send } from './call/send.js';
import { mayOmitNames } from './call/targets.js';
import type { ClientConfig } from './config.js';
import { ConnectionWaiters } from './connection/connection-waiters.js';
import type { Event, EventChannel } from './connection/event-channel.js';
import { attach, defaultTtl, newId, request } from './connection/node-messages.js';
import type { NodeProof } from './connection/node-proofs.js';
import type { OwnRequest } from './connection/outgoing.js';
import type { RejectedReply } from './connection/rejected-replies.js';
import type { Router } from './connection/router.js';
import { checkTraceparent } from './connection/traceparent.js';
import { compiledDdl, hashOfDdl } from './ddl/compiled-ddl.js';
import { originOf } from './ddl/ddl-origin.js';
import { askHash, fetchDdl } from './ddl/node-ddl.js';
import type { Discovery, DiscoveryOptions, EarlierNodes } from './discovery/discovery.js';
import { Finder } from './discovery/finder.js';
import { type NodeChange, nodeChanges } from './presence/node-changes.js';
import type { PresenceView } from './presence/presence-view.js';
import type { PresenceViews } from './presence/presence-views.js';
import { listenerIterator } from './waiting/listener-iterator.js';

/** An agent's actions as functions, typed by its DDL. */
export type AgentClient<D extends Ddl> = {
  [N in ActionNames<D>]: (
    input: CallInputOf<ActionOf<D, N>>,
    options?: CallOptions,
  ) => Call<DataOf<ActionOf<D, N>>>;
};

/** Milliseconds in which a broker reports that a record was removed. */
const forgetPatience = 5_000;

interface ClientParts {
  readonly config: ClientConfig;
  readonly transport: Transport;
  readonly presence: PresenceViews;
  readonly router: Router;
  readonly events: EventChannel;
  readonly credentials: Credentials;
  readonly log: Logger;
  readonly earlier?: EarlierNodes;
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
  readonly #earlier: EarlierNodes | undefined;

  /** @internal Use `connect`. */
  constructor(parts: ClientParts) {
    this.config = parts.config;
    this.#transport = parts.transport;
    this.#connectionWaiters = new ConnectionWaiters(parts.transport);
    this.#router = parts.router;
    this.#events = parts.events;
    this.#presence = parts.presence;
    this.#earlier = parts.earlier;
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

  /** The value of `replyTo` with which other clients of this caller direct replies to this client. */
  get session(): string {
    return this.#router.session;
  }

  /**
   * What is proved of a node, by the `key` of a result of it that has just been received: who vouches for it, its name if
   * that is proved, and what its enrolment token allows.
   */
  proofOf(key: string): NodeProof | undefined {
    return this.#router.proofOf(key);
  }

  /** The number of calls and discoveries that have not ended. */
  get open(): number {
    return this.#router.openRequests;
  }

  /** The default collective. */
  get mainCollective(): string {
    return this.config.collectives[0] ?? 'mcollective';
  }

  /** Makes a checked filter of the given parts. Throws FILTER_INVALID. */
  filter(parts: Partial<Filter>): Filter {
    return checkFilter({ ...emptyFilter, ...parts });
  }

  /** The presence of the nodes of a collective, kept up to date after the first call. */
  async presence(collective = this.mainCollective): Promise<PresenceView> {
    const view = await this.#presence.of(collective);
    await view.settled();
    return view;
  }

  /**
   * Removes the presence record of a node that no longer exists, so that it is no longer listed as offline. A node that
   * exists writes it again when it connects. Resolves with whether the broker removed it. Throws NOT_CONNECTED.
   */
  forget(identity: string, collective = this.mainCollective): Promise<boolean> {
    return this.#presence.remove(collective, identity, forgetPatience);
  }

  /**
   * Finds the nodes that match a filter. If the filter only names nodes, no request is sent. Throws FILTER_INVALID if a
   * data function of the filter is known to be wrong, and the errors of the source.
   */
  discover(options: Partial<DiscoveryOptions> = {}): Promise<Discovery> {
    return this.#finder.find(this.#wanted(options));
  }

  /** As `discover`, but also sends a request to nodes that are named. Throws FILTER_INVALID. */
  ping(options: Partial<DiscoveryOptions> = {}): Promise<Discovery> {
    return this.#finder.ask(this.#wanted(options));
  }

  #wanted({ collective = this.mainCollective, filter = emptyFilter, ...rest }: Partial<DiscoveryOptions>) {
    return { ...this.#earlierIn(collective), ...rest, collective, filter };
  }

  #earlierIn(collective: string): Pick<DiscoveryOptions, 'earlier'> {
    const earlier = this.#earlier?.(collective);
    return earlier ? { earlier } : {};
  }

  /** The actions of an agent, typed by its DDL. */
  agent<const D extends Ddl>(ddl: D): AgentClient<D> {
    const actions = ddl.actions.map(({ action }) => [
      action,
      (input: Record<string, unknown>, options?: CallOptions) => this.call(ddl, action, input, options),
    ]);
    return Object.fromEntries(actions) as AgentClient<D>;
  }

  /** Calls an action by name. Throws INPUT_INVALID before anything is sent if the DDL does not allow the input. */
  call(ddl: Ddl, action: string, input: Readonly<Record<string, unknown>>, options: CallOptions = {}): Call {
    checkRollout(options);
    return new Call({ ...this.#work(ddl, action, input, options), options });
  }

  /**
   * Sends a request without waiting for replies. Returns its id, with which a client can attach later, and the nodes that
   * it was sent to. It is sent once, so a node may miss it. Throws the errors of `call`, and NOT_CONNECTED.
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
   * The replies to this session that no call waits for, until the consumer or the signal ends it: late replies, and
   * replies to requests that another client sent with this session as `replyTo`.
   */
  replies(options: ListenOptions = {}): AsyncIterableIterator<Reply> {
    const { collective = this.mainCollective, signal } = options;
    return listenerIterator<Reply>((take) => this.#router.listenToOthers(collective, take), signal);
  }

  /**
   * The nodes that go online or offline, until the consumer or the signal ends it, beginning with the nodes that are
   * online already. A slow consumer gets the latest state, not every change. Yields nothing if the broker has no presence.
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
  ): Omit<CallParts, 'options'> & { readonly message: OwnRequest } {
    const compiled = compiledDdl(ddl);
    const checked = compiled.action(action);
    if (!checked) throw new TroupeError('INPUT_INVALID', compiled.unknownAction(action));
    const made = madeOf(checked, hashOfDdl(ddl), input);
    if ('fault' in made) throw new TroupeError('INPUT_INVALID', made.fault);
    if (options.traceparent !== undefined) checkTraceparent(options.traceparent);
    const agent = ddl.metadata.name;
    const collective = options.collective ?? this.mainCollective;
    const place = (node: string) => ({ node, collective, clockOffset: options.clockOffset });
    const given = options.filter ?? emptyFilter;
    const isNamed = namedNodes(given) !== undefined && !options.source;
    // A node without the agent replies with an error if it is named; otherwise it is not a target.
    const wanted = isNamed ? given : this.withAgent(given, agent);
    return {
      router: this.#router,
      presence: () => this.#presence.of(collective),
      finder: this.#finder,
      wanted: { filter: wanted, collective, ...this.#earlierIn(collective), ...discoveryPart(options) },
      message: request({
        ...this.#header(newId(), collective, options.ttl),
        agent,
        action,
        filter: mayOmitNames(options, given)
          ? { ...emptyFilter, agents: given.agents }
          : options.targets
            ? given
            : wanted,
        ...made,
        ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
        ...(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
      }),
      agents: given.agents,
      variants: new DdlVariants(
        {
          ddl,
          action,
          input,
          isFromNode: originOf(ddl) !== undefined,
          fetch: (identity, hash) => fetchDdl(this, agent, { ...place(identity), hash }),
          accept: options.acceptDdl,
        },
        made,
      ),
      askHash: (identity) => askHash(this, agent, place(identity)),
    };
  }

  /** Attaches to an earlier request: yields the replies that these nodes have kept, and those still to come. */
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

  /** The same filter, for nodes with an agent only. */
  withAgent(filter: Filter, agent: string): Filter {
    return { ...filter, agents: [...new Set([...filter.agents, agent])] };
  }

  #header(id: string, collective: string, ttl = defaultTtl) {
    return { id, ttl, caller: this.caller, session: this.#router.session, collective };
  }

  /** Resolves when the client is connected to the broker. Throws the signal's reason. */
  whenConnected(signal?: AbortSignal): Promise<void> {
    return this.#connectionWaiters.wait(signal);
  }

  /** Has the next request to a node signed, and so its reply: that shows what vouches for the node now. */
  invalidateKey(identity: string): void {
    this.#router.invalidateKey(identity);
  }

  /** Whether the client is connected to the broker. */
  get isConnected(): boolean {
    return this.#transport.connected;
  }

  /** Calls the listener after every connect to the broker, and at once if connected. */
  onConnect(listener: () => void): void {
    this.#transport.onConnect(listener);
  }

  /** Publishes an event, signed by this caller. Delivery is not guaranteed. Throws NOT_CONNECTED. */
  publishEvent(kind: string, data: Event['data'], collective = this.mainCollective): Promise<void> {
    return this.#events.publish(kind, data, collective);
  }

  /** Passes the events of a collective to the listener until the returned function is called; events that fail authentication are dropped. */
  onEvent(listener: (event: Event) => void, collective = this.mainCollective): Promise<() => Promise<void>> {
    return this.#events.subscribe(collective, listener);
  }

  /**
   * Calls the listener for each reply that is rejected, until the returned function is called. Nothing proves that it is of
   * the node on whose topic it arrived.
   */
  onRejectedReply(listener: (rejected: RejectedReply) => void): () => void {
    return this.#router.rejected.on(listener);
  }

  /**
   * Passes what an embedded broker reports about clients that it refused to the listener, until the returned function is
   * called: at most 100 at a time, and nothing of it is proved. Other brokers report nothing.
   */
  onRefusedClients(
    listener: (refused: readonly RefusedClient[]) => void,
    collective = this.mainCollective,
  ): Promise<() => Promise<void>> {
    return this.#events.subscribeToRefusals(collective, listener);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

function discoveryPart({
  discoveryTimeout,
  earlier,
  signal,
  source,
}: CallOptions): Partial<DiscoveryOptions> {
  return {
    ...(source && { source }),
    ...(earlier && { earlier }),
    ...(discoveryTimeout === undefined ? {} : { window: discoveryTimeout }),
    ...(signal ? { signal } : {}),
  };
}
