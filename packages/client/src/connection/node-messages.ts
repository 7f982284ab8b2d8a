import { randomUUID } from 'node:crypto';
import { type Attach, type Cancel, type Request, protocolVersion as v } from '@troupe/core';
import type { OwnRequest } from './outgoing.js';

/** Seconds in which a node may begin. */
export const defaultTtl = 60;

/** The most names in one signed message. */
export const namesInMessage = 50;

/** A fresh request id: 122 random bits. Node draws those of many UUIDs at once, which costs a tenth of `randomBytes`. */
export function newId(): string {
  return randomUUID().replaceAll('-', '');
}

type Common = 'v' | 'type' | 'time';

/** A request as of now. */
export function request(parts: Omit<OwnRequest, Common>): OwnRequest {
  return { v, type: 'request', time: Date.now(), ...parts };
}

/** What every message about a request says: which request, of whom, and where the replies go. */
export type RequestHeader = Pick<Request, 'id' | 'ttl' | 'caller' | 'session' | 'collective'>;

/** Asks for what is kept of a request; `clockOffset`: by how many milliseconds the clock of the node is ahead. */
export function attach(
  { id, ttl, caller, session, collective }: RequestHeader,
  after: number,
  clockOffset = 0,
): Attach {
  return { v, type: 'attach', time: Date.now() + clockOffset, id, ttl, caller, session, collective, after };
}

/** Asks to end a request. */
export function cancel({ id, ttl, caller, session, collective }: RequestHeader): Cancel {
  return { v, type: 'cancel', time: Date.now(), id, ttl, caller, session, collective };
}
