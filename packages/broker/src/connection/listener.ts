import { lookup } from 'node:dns/promises';
import { type AddressInfo, BlockList, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import type { Credentials } from '../authentication/credentials.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const plainSchemes = new Set(['tcp:', 'mqtt:']);
const tlsSchemes = new Set(['tls:', 'mqtts:']);

const socketOptions = {
  // Otherwise Nagle's algorithm and delayed acknowledgements add 44 ms to every exchange at QoS 1.
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};
const backlog = 4096;
const handshakeTimeoutMilliseconds = 30_000;

/** A bound address. */
export interface Listener {
  /** With the port that was bound. */
  readonly url: string;
  readonly port: number;
  /** What new connections are checked against, from now on; for a plain listener nothing. */
  use(credentials: Credentials): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Whether a URL of the configuration asks for TLS. Throws CONFIG_INVALID. */
export function isTls(url: string): boolean {
  return parseListenUrl(url).tls;
}

/** Throws CONFIG_INVALID where a plain listener is not on loopback, LISTEN_FAILED where the address cannot be bound. */
export async function openListener(options: {
  readonly url: string;
  readonly credentials: Credentials | undefined;
  readonly onConnection: (socket: Socket) => void;
  /** Is asked about a socket before anything is read from it; one that is refused is destroyed. */
  readonly admits: (socket: Socket, isTls: boolean) => boolean;
  /** A handshake that failed; nobody is connected yet. */
  readonly onTlsError: (error: Error, socket: Socket) => void;
  /** What happens to the listener itself, such as no memory for one more connection: it must not end the broker. */
  readonly onError: (error: Error) => void;
}): Promise<Listener> {
  const { tls, scheme, host, port } = parseListenUrl(options.url);
  const address = await listenAddress(options.url);
  const secure = tls ? secureServer(options) : undefined;
  const server =
    secure ??
    createServer(socketOptions, (socket) => {
      if (!socket.destroyed) options.onConnection(socket);
    });
  const sockets = new Set<Socket>();
  server.prependListener('connection', (socket: Socket) => {
    if (!options.admits(socket, secure !== undefined)) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, address, port).catch((cause: unknown) => {
    throw unbound(options.url, cause);
  });
  server.on('error', options.onError);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `${scheme}//${isIPv6(host) ? `[${host}]` : host}:${bound}`,
    port: bound,
    use: (credentials) => secure?.setSecureContext(credentials.context),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The address that a URL of the configuration means. Throws CONFIG_INVALID where it is plain and not on loopback, LISTEN_FAILED where its name is not known. */
export async function listenAddress(url: string): Promise<string> {
  const { tls, host } = parseListenUrl(url);
  const { address } = await lookup(host).catch((cause: unknown) => {
    throw unbound(url, cause);
  });
  if (!tls && !loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `listen: ${url} does not use TLS, and ${address} is not a loopback address: use mqtts://`,
    );
  }
  return address;
}

function secureServer(options: Parameters<typeof openListener>[0]): TlsServer {
  const server = createTlsServer(
    {
      ...socketOptions,
      ...options.credentials?.context,
      requestCert: true,
      // A machine with a token has no certificate; what the others show is judged at CONNECT, where a reason can be given.
      rejectUnauthorized: false,
      handshakeTimeout: handshakeTimeoutMilliseconds,
    },
    options.onConnection,
  );
  return server.on('tlsClientError', options.onTlsError);
}

function parseListenUrl(text: string): { tls: boolean; scheme: string; host: string; port: number } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && plainSchemes.has(url.protocol);
  if (!url || (!isPlain && !tlsSchemes.has(url.protocol)) || url.hostname === '' || url.pathname.length > 1) {
    throw new TroupeError(
      'CONFIG_INVALID',
      `listen: "${text}" is not a valid address: write mqtts://HOST:PORT or, on loopback only, mqtt://HOST:PORT`,
    );
  }
  const port = url.port === '' ? (isPlain ? 1883 : 8883) : Number(url.port);
  return { tls: !isPlain, scheme: url.protocol, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: ': stop the process that uses it, or change listen',
  EADDRNOTAVAIL: ': use an address of this machine in listen',
  EACCES: ': use a port of 1024 or higher, or run as root',
  ENOTFOUND: ': use an address of this machine in listen',
};

function unbound(url: string, cause: unknown): TroupeError {
  const remedy = remedies[(cause as NodeJS.ErrnoException).code ?? ''] ?? '';
  return new TroupeError('LISTEN_FAILED', `cannot listen on ${url}: ${systemReasonOf(cause)}${remedy}`, {
    cause,
  });
}
