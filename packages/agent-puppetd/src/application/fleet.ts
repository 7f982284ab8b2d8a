import { setMaxListeners } from 'node:events';
import type { CallOptions, Client, PresenceView, Result } from '@troupe/client';
import { type ActionOf, type DataOf, messageOf } from '@troupe/core';
import { Slots } from '@troupe/core/async';
import ddl from '@troupe/ddl/puppetd.json' with { type: 'json' };
import { mayInclude, type Selection, withoutNames } from './selection.js';

type Status = DataOf<ActionOf<typeof ddl, 'status'>>;

/** A node with Puppet, in its last known state. */
export interface Member {
  readonly identity: string;
  /** The Puppet server that it uses; empty if unknown. */
  readonly server: string;
  readonly isEnabled: boolean;
  readonly isApplying: boolean;
  readonly disableMessage: string;
  /** When its last run began: seconds since 1970; 0 where it never ran. */
  readonly began: number;
}

/** Notified when nodes join and leave the fleet. */
export interface FleetListener {
  arrived?(member: Member): void;
  departed?(identity: string): void;
}

/** New nodes that are asked for their state at the same time. */
const asksAtOnce = 20;

/** The nodes with Puppet that match a filter, kept up to date by the presence of nodes, without polling. */
export class Fleet {
  readonly #client: Client;
  readonly #selection: Selection;
  readonly #presence: PresenceView;
  readonly #members = new Map<string, Member>();
  readonly #listeners = new Set<FleetListener>();
  readonly #asks = new Slots({ concurrency: asksAtOnce });
  readonly #asked = new Set<string>();
  readonly #stop: () => void;
  readonly #closing = new AbortController();
  /** Nodes that came online while all nodes were asked. */
  #duringRefresh: Set<string> | undefined;
  #unheard: readonly string[] = [];
  #unreachable: readonly string[] | undefined;
  #offline: readonly string[] = [];

  /** Finds the nodes; `unable` gets the results of those that did not report their state. */
  static async open(
    client: Client,
    selection: Selection,
    unable: (result: Result) => void = () => {},
  ): Promise<Fleet> {
    const fleet = new Fleet(client, selection, await client.presence(selection.collective));
    try {
      await fleet.refresh(unable);
      return fleet;
    } catch (error) {
      fleet.close();
      throw error;
    }
  }

  private constructor(client: Client, selection: Selection, presence: PresenceView) {
    this.#client = client;
    this.#selection = selection;
    this.#presence = presence;
    setMaxListeners(0, this.#closing.signal);
    this.#stop = presence.onChange(({ identity, online }) => {
      if (!online) this.#depart(identity);
      else if (this.#duringRefresh) this.#duringRefresh.add(identity);
      else if (!this.#members.has(identity)) void this.#welcome(identity);
    });
  }

  members(): readonly Member[] {
    return [...this.#members.values()];
  }

  get(identity: string): Member | undefined {
    return this.#members.get(identity);
  }

  isOnline(identity: string): boolean | undefined {
    return this.#presence.isOnline(identity);
  }

  /** Nodes that are online but did not answer discovery: whether they match is unknown. */
  get unheard(): readonly string[] {
    return this.#unheard;
  }

  /** Nodes that replied earlier and are out of reach; nothing if that is not known. */
  get unreachable(): readonly string[] | undefined {
    return this.#unreachable;
  }

  /** Nodes that are offline: whether they match is unknown. */
  get offline(): readonly string[] {
    return this.#offline;
  }

  /** Notes what was learned of a member. */
  update(identity: string, change: Partial<Member>): void {
    const member = this.#members.get(identity);
    if (member) this.#members.set(identity, { ...member, ...change });
  }

  /** Drops a member that the selection no longer includes. */
  drop(identity: string): void {
    this.#depart(identity);
  }

  /** Subscribes to nodes that join and leave; the returned function unsubscribes. */
  listen(listener: FleetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks all nodes again: finds those that presence missed, and drops those that no longer match. */
  async refresh(unable: (result: Result) => void = () => {}): Promise<void> {
    const options = this.#callOptions();
    const call = this.#client.agent(ddl).status(
      {},
      {
        ...options,
        onDiscovered: ({ silent, offline, unreachable }) => {
          this.#unreachable = unreachable;
          this.#unheard = silent;
          this.#offline = offline;
        },
      },
    );
    const known = new Set(this.#members.keys());
    const came = new Set<string>();
    this.#duringRefresh = came;
    try {
      for await (const result of call) {
        came.delete(result.sender);
        if (result.ok) {
          known.delete(result.sender);
          this.#admit(memberOf(result.sender, result.data));
        } else if (!options.signal.aborted) unable(result as unknown as Result);
      }
    } finally {
      this.#duringRefresh = undefined;
    }
    if (this.#selection.signal?.aborted) return;
    for (const identity of known) if (!came.has(identity)) this.#depart(identity);
    for (const identity of came) if (this.#presence.isOnline(identity)) void this.#welcome(identity);
  }

  close(): void {
    this.#closing.abort();
    this.#stop();
    this.#listeners.clear();
  }

  async #welcome(identity: string): Promise<void> {
    if (this.#asked.has(identity)) return;
    this.#asked.add(identity);
    try {
      if (!(await mayInclude(this.#selection, identity))) return;
      const done = await this.#asks.take(undefined, this.#closing.signal);
      const { filter, ...options } = this.#callOptions();
      const call = this.#client.agent(ddl).status(
        {},
        {
          ...options,
          ...(filter && { filter: withoutNames(filter) }),
          targets: [identity],
        },
      );
      const result = await call.one().finally(done);
      // A node that the filter leaves out, or that has no Puppet, says so.
      if (result.ok && !this.#closing.signal.aborted) this.#admit(memberOf(identity, result.data));
    } catch (error) {
      if (!this.#closing.signal.aborted)
        process.emitWarning(
          `cannot read the Puppet status of ${identity}, which came online: ${messageOf(error)}`,
        );
    } finally {
      this.#asked.delete(identity);
    }
  }

  #admit(member: Member): void {
    const isNew = !this.#members.has(member.identity);
    this.#members.set(member.identity, member);
    if (isNew) for (const { arrived } of this.#listeners) arrived?.(member);
  }

  #depart(identity: string): void {
    if (!this.#members.delete(identity)) return;
    for (const { departed } of this.#listeners) departed?.(identity);
  }

  #callOptions(): CallOptions & { readonly signal: AbortSignal } {
    const { filter, targets, collective, signal } = this.#selection;
    return {
      ...(filter ? { filter } : {}),
      ...(targets ? { targets } : {}),
      ...(collective === undefined ? {} : { collective }),
      signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal,
    };
  }
}

function memberOf(identity: string, status: Status): Member {
  return {
    identity,
    server: status.server ?? '',
    isEnabled: status.enabled !== false,
    isApplying: status.applying === true,
    disableMessage: status.disable_message ?? '',
    began: status.lastrun_began || status.lastrun || 0,
  };
}
