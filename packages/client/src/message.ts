import { randomBytes } from 'node:crypto';
import type { Attach, Cancel, Request } from '@troupe/core';

/** A fresh request id. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}

type Common = 'v' | 'type' | 'time';

/** A request as of now. */
export function request(parts: Omit<Request, Common>): Request {
  return { v: 1, type: 'request', time: Date.now(), ...parts };
}

/** Asks for what is kept of a request. */
export function attach(of: Request, after: number): Attach {
  const { id, ttl, caller, session, collective } = of;
  return { v: 1, type: 'attach', time: Date.now(), id, ttl, caller, session, collective, after };
}

/** Asks to end a request. */
export function cancel(of: Request): Cancel {
  const { id, ttl, caller, session, collective } = of;
  return { v: 1, type: 'cancel', time: Date.now(), id, ttl, caller, session, collective };
}
