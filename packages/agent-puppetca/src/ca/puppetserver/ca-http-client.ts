import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP } from 'node:net';
import { connectWithin } from '@troupe/core/internal';
import { CaError } from '../error.js';
import { readTlsFiles, type TlsFiles, versionOf } from './tls-files.js';

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface HttpCall {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Below `/puppet-ca/v1/`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Calls the CA API of a Puppet Server over connections that are kept; reads its files again when they change. */
export class CaHttpClient {
  readonly #url: URL;
  readonly #files: TlsFiles;
  readonly #serverName: string;
  readonly #timeoutSeconds: number;
  readonly #connectMs: number;
  /** With the files of `#version`. */
  #agent: Promise<Agent> | undefined;
  #version = '';

  /**
   * `serverName` is the name that the server's certificate must have; default: the URL's host. `connectMs`:
   * milliseconds that a connection may take.
   */
  constructor(options: {
    url: string;
    files: TlsFiles;
    serverName?: string;
    timeoutSeconds?: number;
    connectMs?: number;
  }) {
    this.#url = new URL(options.url);
    this.#files = options.files;
    const host = this.#url.hostname.replace(/^\[|\]$/g, '');
    // An address must not be sent as server name (RFC 6066); with none, Node checks the address.
    this.#serverName = options.serverName ?? (isIP(host) ? '' : host);
    this.#timeoutSeconds = options.timeoutSeconds ?? 15;
    this.#connectMs = options.connectMs ?? 5_000;
  }

  /** Any response of the server, whatever its status; throws UNREACHABLE, TIMEOUT, or the signal's reason. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const timeout = AbortSignal.timeout(this.#timeoutSeconds * 1000);
    const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
    try {
      return await this.#send(call, await this.#currentAgent(), signal);
    } catch (cause) {
      call.signal?.throwIfAborted();
      if (cause instanceof CaError) throw cause;
      const what = `${call.method} ${this.#urlOf(call)}`;
      if (timeout.aborted) {
        throw new CaError('TIMEOUT', `${what}: no response within ${this.#timeoutSeconds} s`, { cause });
      }
      throw new CaError('UNREACHABLE', `${what}: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      });
    }
  }

  close(): void {
    this.#agent?.then(
      (agent) => agent.destroy(),
      () => undefined, // The calls that waited for it have failed with the reason.
    );
  }

  #urlOf(call: HttpCall): URL {
    return new URL(`/puppet-ca/v1/${call.path}`, this.#url);
  }

  async #currentAgent(): Promise<Agent> {
    const version = await versionOf(this.#files);
    if (this.#agent && version === this.#version) return this.#agent;
    // Set before the files are read: calls at the same time share one agent.
    this.#version = version;
    this.#agent = this.#renewedAgent(this.#agent);
    this.#agent.catch(() => {
      this.#version = '';
    });
    return this.#agent;
  }

  async #renewedAgent(before: Promise<Agent> | undefined): Promise<Agent> {
    const tls = await readTlsFiles(this.#files);
    // Connections that were checked against the old files are not used again; what is under way ends well.
    const old = await before?.catch(() => undefined);
    for (const sockets of Object.values(old?.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy();
    return new Agent({ keepAlive: true, ...tls, servername: this.#serverName });
  }

  async #send(call: HttpCall, agent: Agent, signal: AbortSignal): Promise<HttpAnswer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const outgoing = request(this.#urlOf(call), {
      method: call.method,
      agent,
      signal,
      headers: {
        Accept: 'application/json, text/plain',
        ...(body === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      },
    });
    // What goes wrong after the answer has begun is thrown by the answer; without a listener it would end the process.
    outgoing.on('error', () => {});
    outgoing.on('socket', (socket) => {
      connectWithin(socket, this.#connectMs, signal).catch((error: Error) => outgoing.destroy(error));
    });
    outgoing.end(body);
    try {
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks) };
    } catch (error) {
      // The server closed a kept connection as we wrote. All calls of this API may be repeated.
      const isStale = outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      if (isStale && !signal.aborted) return this.#send(call, agent, signal);
      throw error;
    }
  }
}
