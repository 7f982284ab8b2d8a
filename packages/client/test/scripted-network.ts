import { mock } from 'node:test';
import type { NodeMessage, Reply, Request } from '@troupe/core';
import type { ReplyListener, Router } from '../src/connection/router.js';
import type { PresenceListener, PresenceView } from '../src/index.js';

/** A message that was sent: to nodes by their names, or to all by the topic of an agent. */
export interface Sent {
  readonly to: readonly string[] | string;
  readonly message: Request;
  /** Milliseconds since the test began. */
  readonly at: number;
}

/** A network that a test plays, on a clock that it sets: what was sent, which nodes are online, which replies arrive. */
export class ScriptedNetwork {
  readonly sent: Sent[] = [];
  /** Whether each node is online, of whom that is known. */
  readonly records = new Map<string, boolean>();
  /** When a node was seen going, of whom that was seen. */
  readonly left = new Map<string, number>();
  readonly watchers = new Set<PresenceListener>();
  readonly #listeners = new Map<string, ReplyListener>();
  readonly #start: number;
  isBehind = false;
  isSettled = true;
  /** How often a caller waited for the presence records. */
  settling = 0;
  /** How often the state of a node was looked up. */
  looks = 0;
  sending: (sent: Sent) => Promise<void> | void = () => {};

  /** Stops the clock, until {@link end}. */
  constructor() {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    this.#start = Date.now();
  }

  end(): void {
    mock.timers.reset();
  }

  /** Milliseconds since the test began. */
  get now(): number {
    return Date.now() - this.#start;
  }

  /** Requests that are listened to. */
  get listening(): number {
    return this.#listeners.size;
  }

  /** What was sent to which nodes, with the time. */
  log(): readonly string[] {
    return this.sent.map(({ to, at }) => `${to} ${at}`);
  }

  readonly router = this.#router();
  readonly presence = this.#presence();

  /** Delivers a reply to the listener of a request: by default, of the request that it names. */
  deliver(reply: Reply, id = reply.id): void {
    this.#listeners.get(id)?.(reply, 'the key');
  }

  /** Announces that a node went online or offline. */
  announce(identity: string, online: boolean): void {
    this.records.set(identity, online);
    if (online) this.left.delete(identity);
    else this.left.set(identity, Date.now());
    for (const watcher of this.watchers) watcher({ v: 1, identity, online, since: 1, version: '1' });
  }

  /** Lets everything happen that needs no time. */
  async turns(): Promise<void> {
    for (let count = 0; count < 4; count += 1) await new Promise(setImmediate);
  }

  async pass(milliseconds: number): Promise<void> {
    await this.turns();
    for (let left = milliseconds; left > 0; left -= 25) {
      mock.timers.tick(25);
      await this.turns();
    }
  }

  #router(): Router {
    const network = this;
    const send = async (to: readonly string[] | string, message: NodeMessage) => {
      const sent = { to, message: message as Request, at: network.now };
      network.sent.push(sent);
      await network.sending(sent);
    };
    return {
      caller: 'c',
      session: 's',
      isConnected: true,
      versions: { of: () => 2 },
      ddls: { of: () => undefined },
      mayHaveSecrets: () => true,
      get isBehind() {
        return network.isBehind;
      },
      listen: async (_: string, id: string, listener: ReplyListener) => {
        network.#listeners.set(id, listener);
        return () => network.#listeners.delete(id);
      },
      direct: (message: NodeMessage, to: readonly string[]) => send(to, message),
      broadcast: (message: NodeMessage, agent: string) => send(agent, message),
      broadcastToVersion1: async () => {},
    } as unknown as Router;
  }

  #presence(): PresenceView {
    const named = (online: boolean) =>
      [...this.records].filter(([, isOnline]) => isOnline === online).map(([identity]) => identity);
    return {
      online: () => named(true),
      offline: () => named(false),
      isOnline: (identity: string) => {
        this.looks += 1;
        return this.records.get(identity);
      },
      leftAt: (identity: string) => this.left.get(identity),
      isStranger: (identity: string) => this.records.size > 0 && !this.records.has(identity),
      isSettled: () => this.isSettled,
      settled: async () => {
        this.settling += 1;
      },
      onChange: (watcher: PresenceListener) => {
        this.watchers.add(watcher);
        return () => this.watchers.delete(watcher);
      },
    } as unknown as PresenceView;
  }
}
