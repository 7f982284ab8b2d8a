import { Socket } from 'node:net';
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
  /** Whether it has sent a CONNECT. */
  hasSpoken: boolean;
  will: { readonly topic: string; readonly payload: Uint8Array; readonly retain: boolean } | undefined;
  /** Nothing until it is authenticated. */
  party: Party | undefined;
  isFailed: boolean;
}

/** `address:port` of the other end of a socket, also after it was closed if it was asked for before. */
export function peerOf(socket: Socket): string {
  const { remoteAddress, remotePort } = socket.remoteAddress === undefined ? tcpOf(socket) : socket;
  return `${remoteAddress ?? 'unknown'}:${remotePort ?? 0}`;
}

/** The TCP socket under a TLS socket whose handshake failed; otherwise the socket itself. */
// Node has no public way from a TLS socket whose handshake failed to the TCP socket that was admitted before.
export function tcpOf(socket: Socket): Socket {
  const { _parent: tcp } = socket as Socket & { readonly _parent?: unknown };
  return tcp instanceof Socket ? tcp : socket;
}
