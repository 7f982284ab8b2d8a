import type { Socket } from 'node:net';
import { RateLimit, Shares } from '@troupe/core/internal';
import type { Party } from '../authorization/permissions.js';
import type { Limits } from '../config.js';
import { peerOf } from './connection.js';

export type ConnectionCounts = Pick<
  Limits,
  'connections_pending' | 'connect_timeout' | 'connections' | 'connections_per_name' | 'connections_enrolling'
>;

/** Whoever is on this machine costs less: no TLS. */
const plainFactor = 10;

interface Pending {
  readonly free: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Counts connections: those that are not authenticated yet by address, so that no address takes the places of others, and
 * for a short time only; the others by name, however many are behind one address.
 */
export class ConnectionLimits {
  readonly #limits: ConnectionCounts;
  // bound: connections that are not authenticated | anybody who can reach the broker | [limits.connections_pending], for
  // [limits.connect_timeout] s; four fifths of them for one address; ten times as many without TLS | 280 KiB each with
  // TLS; the first packet has at most 128 KiB | a further connection is refused
  readonly #pendingTls: Shares;
  // no peer fills this: it is declared with the one above
  readonly #pendingPlain: Shares;
  // no peer fills this: it is declared with the one above
  readonly #pending = new Map<string, Pending>();
  // bound: authenticated connections | nodes, callers, machines with an enrolment token | [limits.connections];
  // [limits.connections_per_name] for each name; [limits.connections_enrolling] with tokens; each with
  // [limits.subscriptions] subscriptions | 100 KiB each, and one message of [bytes limits.payload_bytes] that is
  // being received | a further connection or subscription is refused
  readonly #byName = new Map<string, number>();
  readonly #lines = new RateLimit({ burst: 1000, perMinute: 60 });
  #connections = 0;
  #enrolling = 0;

  constructor(limits: ConnectionCounts) {
    this.#limits = limits;
    this.#pendingTls = new Shares(limits.connections_pending);
    this.#pendingPlain = new Shares(plainFactor * limits.connections_pending);
  }

  /** Connections that are not authenticated yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Whether strangers may cause one more line of the log. */
  get mayLog(): boolean {
    return this.#lines.pass(Date.now()).isAllowed;
  }

  /** Counts a connection that was accepted a moment ago; says why it is refused, if it is. */
  begin(socket: Socket, isTls: boolean, onTimeout: () => void): string | undefined {
    const address = socket.remoteAddress ?? '';
    const free = (isTls ? this.#pendingTls : this.#pendingPlain).take(address);
    if (!free)
      return `too many connections from ${address}, or in all, that are not authenticated yet (limits.connections_pending)`;
    const peer = peerOf(socket);
    const timer = setTimeout(onTimeout, this.#limits.connect_timeout * 1000).unref();
    this.#pending.set(peer, { free, timer });
    socket.once('close', () => this.#end(peer));
    return undefined;
  }

  /** Counts a connection by who it is from; says why it is refused, if it is. */
  authenticated(socket: Socket, { role, name }: Party): string | undefined {
    const { connections, connections_per_name, connections_enrolling } = this.#limits;
    const own = this.#byName.get(name) ?? 0;
    if (socket.destroyed) return 'the client disconnected';
    if (this.#connections >= connections) return `${connections} clients are connected (limits.connections)`;
    if (role === 'enrolling' && this.#enrolling >= connections_enrolling)
      return `${connections_enrolling} machines are enrolling (limits.connections_enrolling)`;
    // Without certificates anybody can have any name.
    if (role !== 'anyone' && own >= connections_per_name)
      return `"${name}" has ${own} connections (limits.connections_per_name)`;
    this.#end(peerOf(socket));
    this.#count(role, name, 1);
    socket.once('close', () => this.#count(role, name, -1));
    return undefined;
  }

  #end(peer: string): void {
    const pending = this.#pending.get(peer);
    clearTimeout(pending?.timer);
    pending?.free();
    this.#pending.delete(peer);
  }

  #count(role: Party['role'], name: string, change: number): void {
    this.#connections += change;
    if (role === 'enrolling') this.#enrolling += change;
    const own = (this.#byName.get(name) ?? 0) + change;
    if (own > 0) this.#byName.set(name, own);
    else this.#byName.delete(name);
  }
}
