import { once } from 'node:events';
import type { Socket } from 'node:net';

/**
 * Resolves when a socket is connected. Throws an Error that says so if that takes longer than `within` milliseconds: a
 * port whose packets are dropped never refuses a connection. Throws what the socket emits, or AbortError.
 */
export async function connectWithin(socket: Socket, within: number, signal?: AbortSignal): Promise<void> {
  if (!socket.connecting) return;
  const timeout = AbortSignal.timeout(within);
  try {
    await once(socket, 'connect', { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  } catch (cause) {
    if (!timeout.aborted) throw cause;
    const message = `no connection within ${within / 1000} s: is a firewall in between, or the host down?`;
    throw new Error(message, { cause });
  }
}
