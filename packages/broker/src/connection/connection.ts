import type { Socket } from 'node:net';
import type { Method } from '../authentication/authenticate.js';
import type { Party } from '../authorization/permissions.js';
import type { PacketGauge } from './packet-gauge.js';

/** What the broker remembers of one connection while it lasts. */
export interface Connection {
  readonly socket: Socket;
  readonly method: Method;
  /** `address:port` of the other end. */
  readonly peer: string;
  readonly gauge: PacketGauge;
  /** What it is subscribed to. */
  readonly filters: Set<string>;
  /** Subscriptions that it was refused. */
  refusals: number;
  clientId: string;
  will: { readonly topic: string; readonly payload: Uint8Array; readonly retain: boolean } | undefined;
  /** Nothing until it is authenticated. */
  party: Party | undefined;
  isFailed: boolean;
}

/** `address:port` of the other end of a socket. */
export function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}
