import { randomBytes } from 'node:crypto';
import type { Attach, Cancel, Request } from '@troupe/core';

/** Seconds in which a node may begin. */
export const defaultTtl = 60;

/** The most names in one signed message. */
export const namesInMessage = 50;

/** A fresh request id. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}

type Common = 'v' | 'type' | 'time';

/** A request as of now. */
export function request(parts: Omit<Request, Common>): Request {
  return { v: 1, type: 'request', time: Date.now(), ...parts };
}

/** What every message about a request says: which request, of whom, and where the replies go. */
export type RequestHeader = Pick<Request, 'id' | 'ttl' | 'caller' | 'session' | 'collective'>;

/** Asks for what is kept of a request. */
export function attach({ id, ttl, caller, session, collective }: RequestHeader, after: number): Attach {
  return { v: 1, type: 'attach', time: Date.now(), id, ttl, caller, session, collective, after };
}

/** Asks to end a request. */
export function cancel({ id, ttl, caller, session, collective }: RequestHeader): Cancel {
  return { v: 1, type: 'cancel', time: Date.now(), id, ttl, caller, session, collective };
}
