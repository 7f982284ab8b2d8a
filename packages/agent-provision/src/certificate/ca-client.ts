import { request } from 'node:https';
import { connect, isIP, type LookupFunction } from 'node:net';
import { messageOf } from '@troupe/core';
import { connectWithin, oneLine } from '@troupe/core/internal';
import { checkRevocation } from '@troupe/core/pki';
import { ProvisionError } from '../provision-error.js';

/** The address of a Puppet CA. */
export interface CaAddress {
  /** The name that the server must prove; or an address, which its certificate must then hold. */
  readonly name: string;
  /** Where to connect to; by default what the host makes of `name`. */
  readonly address?: string | undefined;
  readonly port: number;
}

/** What the server must prove itself with. */
export interface CaTrust {
  readonly caPem: string;
  /** One PEM each. */
  readonly crlPems: readonly string[];
}

export interface CaAnswer {
  readonly status: number;
  readonly body: Buffer;
}

interface Exchange {
  readonly method: 'GET' | 'PUT';
  /** Below `/puppet-ca/v1/`. */
  readonly path: string;
  readonly body?: string;
  /** `none`: the server is not authenticated, and its response must not be trusted. */
  readonly trust: CaTrust | 'none';
  readonly signal: AbortSignal;
}

const timeoutMs = 30_000;
const bodyLimit = 1024 * 1024;

/** The part of a Puppet CA's HTTP API that a node needs. */
export class CaClient {
  readonly #to: CaAddress;
  readonly #connectMs: number;

  /** `connectMs`: milliseconds that a connection may take; a port that drops packets never refuses one. */
  constructor(to: CaAddress, { connectMs = 5_000 }: { connectMs?: number } = {}) {
    this.#to = to;
    this.#connectMs = connectMs;
  }

  /** Connects and does nothing else. Throws if that is not possible. */
  async reach(signal: AbortSignal): Promise<void> {
    const { name, address, port } = this.#to;
    const socket = connect({
      host: name,
      port,
      ...(address === undefined ? {} : { lookup: lookupOf(address) }),
    });
    try {
      await connectWithin(socket, this.#connectMs, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new ProvisionError(`cannot connect to ${this.#where}: ${reasonOf(cause)}`, { cause });
    } finally {
      socket.destroy();
    }
  }

  /** Sends one request on a separate connection; throws if no complete response arrives. */
  async ask(exchange: Exchange): Promise<CaAnswer> {
    try {
      return await send(this.#to, exchange, this.#connectMs);
    } catch (cause) {
      exchange.signal.throwIfAborted();
      throw new ProvisionError(`request to ${this.#where} failed: ${reasonOf(cause)}`, { cause });
    }
  }

  /** The error for an unexpected response. */
  unexpected(path: string, { status, body }: CaAnswer): ProvisionError {
    const text = oneLine(body.toString('utf8', 0, 1000), 200);
    return new ProvisionError(
      `${this.#where} returned HTTP status ${status} for ${path}${text && `: ${text}`}`,
    );
  }

  get #where(): string {
    const { name, address, port } = this.#to;
    const at = address === undefined || address === name ? '' : ` at ${address}`;
    return `https://${isIP(name) === 6 ? `[${name}]` : name}:${port}${at}`;
  }
}

function send(
  to: CaAddress,
  { method, path, body, trust, signal }: Exchange,
  within: number,
): Promise<CaAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        method,
        host: to.name,
        port: to.port,
        path: `/puppet-ca/v1/${path}`,
        agent: false,
        // RFC 6066 §3: no literal address as server name.
        servername: isIP(to.name) === 0 ? to.name : '',
        ...(to.address === undefined ? {} : { lookup: lookupOf(to.address) }),
        ...(trust === 'none'
          ? { rejectUnauthorized: false }
          : {
              ca: trust.caPem,
              rejectUnauthorized: true,
              ...(trust.crlPems.length > 0 && { checkServerIdentity: checkRevocation(trust.crlPems) }),
            }),
        headers: {
          Accept: 'text/plain',
          ...(body === undefined
            ? {}
            : { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) }),
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      },
      (incoming) => {
        const pieces: Buffer[] = [];
        let length = 0;
        incoming.on('data', (piece: Buffer) => {
          length += piece.length;
          if (length > bodyLimit)
            incoming.destroy(new Error(`the response is longer than ${bodyLimit} bytes`));
          else pieces.push(piece);
        });
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(pieces) }));
      },
    );
    outgoing.on('error', reject);
    outgoing.on('socket', (socket) => {
      connectWithin(socket, within, signal).catch((error: Error) => outgoing.destroy(error));
    });
    outgoing.end(body);
  });
}

// The hosts file may not be in effect yet, and must not decide whom a key is shown to.
function lookupOf(address: string): LookupFunction {
  const family = isIP(address);
  return (_name, options, callback) => {
    // Never at once: an address without a route then fails before the socket has its TLS and its listeners, and the
    // error would end the process.
    setImmediate(() => {
      if (options.all) callback(null, [{ address, family }]);
      else callback(null, address, family);
    });
  };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: is the Puppet server running there?',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'host name not found: set the address with set_puppet_host',
  EAI_AGAIN: 'temporary failure in name resolution: try again, or set the address with set_puppet_host',
  ETIMEDOUT: 'connection timed out',
  ABORT_ERR: `timeout: no reply within ${timeoutMs / 1000} s`,
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is not valid for this name',
  CERT_HAS_EXPIRED:
    'the certificate of the server has expired, or the clock of this host is wrong: check NTP',
  CERT_NOT_YET_VALID:
    'the certificate of the server is not yet valid, or the clock of this host is wrong: check NTP',
  CERT_REVOKED: 'the certificate of the server is revoked',
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return reasons[code] ?? messageOf(cause);
}
