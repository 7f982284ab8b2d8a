import type { Socket } from 'node:net';

/** A connection, as far as it is asked for what waits to be sent. */
export interface Waiting {
  readonly socket: Pick<Socket, 'writableLength' | 'destroyed'>;
}

/** Milliseconds between two times at which all connections are looked at. */
const exactEvery = 100;

/**
 * Keeps count of what waits to be sent to all clients together. What is sent is noticed when the next message comes for
 * the same client, so the count is too high at times: before somebody suffers for it, all are looked at.
 */
export class Backlog<C extends Waiting> {
  readonly #most: number;
  readonly #live: Iterable<C>;
  // bound: messages that wait to be sent | clients that read slowly | by bytes | [bytes limits.backlog_bytes] for
  // each client, [bytes limits.backlog_total_bytes] in all | the client, or the one for which most waits, is
  // disconnected
  readonly #noted = new Map<C, number>();
  #total = 0;
  #exactAt = Number.NEGATIVE_INFINITY;

  constructor(most: number, live: Iterable<C>) {
    this.#most = most;
    this.#live = live;
  }

  /** Notes what waits for a client; returns the one that has to go, if it is too much in all: the one for which most waits. */
  note(connection: C, now: number): C | undefined {
    this.#set(connection, connection.socket.writableLength);
    if (this.#total <= this.#most || now - this.#exactAt < exactEvery) return undefined;
    this.#exactAt = now;
    let largest: C | undefined;
    for (const each of this.#live) {
      this.#set(each, each.socket.destroyed ? 0 : each.socket.writableLength);
      if (!largest || each.socket.writableLength > largest.socket.writableLength) largest = each;
    }
    return this.#total > this.#most ? largest : undefined;
  }

  forget(connection: C): void {
    this.#total -= this.#noted.get(connection) ?? 0;
    this.#noted.delete(connection);
  }

  #set(connection: C, bytes: number): void {
    this.#total += bytes - (this.#noted.get(connection) ?? 0);
    this.#noted.set(connection, bytes);
  }
}
