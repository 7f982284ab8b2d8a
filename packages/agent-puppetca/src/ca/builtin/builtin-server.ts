import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { type Logger, messageOf } from '@troupe/core';
import { CaError } from '../error.js';
import { isCertname } from '../rules.js';
import type { BuiltinCa } from './builtin-ca.js';

const maxRequestBytes = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A running server; `address` and `port` are where it listens. */
export interface BuiltinServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves what a node needs of Puppet's CA API: the certificate of the CA and of a name, the revocation list, and the
 * upload of a request. Its own certificate is made out to the CA's certname, `puppet` and `altNames`.
 */
export async function startBuiltinServer(options: {
  ca: BuiltinCa;
  address: string;
  port: number;
  /** Names and addresses under which nodes reach it. */
  altNames?: readonly string[];
  log: Logger;
}): Promise<BuiltinServer> {
  const { ca, log } = options;
  const names = [...new Set([ca.certname, 'puppet', ...(options.altNames ?? [])])];
  const own = await ca.serverCertificate({
    dnsNames: names.filter((name) => !isIP(name)),
    ipAddresses: names.filter((name) => isIP(name)),
  });
  const server = createServer(
    {
      cert: own.certificatePem,
      key: own.privateKeyPem,
      minVersion: 'TLSv1.2',
      // Puppet's HTTP client (Ruby's Net::HTTP) waits for the idle timeout after a TLS 1.3 session ticket.
      maxVersion: 'TLSv1.2',
      requestTimeout: 15_000,
      headersTimeout: 15_000,
    },
    (request, response) => {
      answerTo(ca, request)
        .catch((error: unknown): Answer => {
          log.error({ err: error, method: request.method, url: request.url }, 'built-in CA: request failed');
          return { status: 500, text: 'Internal Server Error' };
        })
        .then(({ status, text }) => {
          log.debug({ method: request.method, url: request.url, status }, 'built-in CA: request answered');
          send(response, status, text);
        })
        .catch((error: unknown) => log.debug(`built-in CA: cannot send the response: ${messageOf(error)}`));
    },
  );
  server.listen(options.port, options.address);
  await once(server, 'listening');
  // Such as no memory for one more connection: it must not end the daemon.
  server.on('error', (error) => log.error({ reason: messageOf(error) }, 'built-in CA: the server failed'));
  const { address, port } = server.address() as AddressInfo;
  log.info({ address, port }, 'built-in CA is listening');
  return { address, port, close: () => close(server) };
}

async function answerTo(ca: BuiltinCa, request: IncomingMessage): Promise<Answer> {
  const [, kind, encoded] = /^\/puppet-ca\/v1\/([a-z_]+)\/([^/?]+)(?:\?.*)?$/.exec(request.url ?? '') ?? [];
  const name = decode(encoded);
  if (kind === undefined || name === undefined) return { status: 404, text: 'Not Found' };
  switch (`${request.method} ${kind}`) {
    case 'GET certificate':
      return found(
        name === 'ca' ? String(await ca.caCertificate()) : await certificate(ca, name),
        kind,
        name,
      );
    case 'GET certificate_revocation_list':
      return found(name === 'ca' ? await ca.crl() : undefined, kind, name);
    case 'PUT certificate_request':
      return submit(ca, name, request);
    default:
      return { status: 404, text: 'Not Found' };
  }
}

async function submit(ca: BuiltinCa, name: string, request: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > maxRequestBytes) return { status: 413, text: 'The certificate request is too large.' };
    chunks.push(chunk as Buffer);
  }
  try {
    await ca.submit(name, Buffer.concat(chunks).toString());
    return { status: 200, text: '' };
  } catch (error) {
    if (!(error instanceof CaError)) throw error;
    return { status: error.code === 'REFUSED' ? 503 : 400, text: error.message };
  }
}

function certificate(ca: BuiltinCa, name: string): Promise<string | undefined> | undefined {
  return isCertname(name) ? ca.certificate(name) : undefined;
}

function found(text: string | undefined, kind: string, name: string): Answer {
  return text === undefined ? { status: 404, text: `Could not find ${kind} ${name}` } : { status: 200, text };
}

function decode(encoded: string | undefined): string | undefined {
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    // A lone "%": no such name.
    return undefined;
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Content-Length': Buffer.byteLength(text),
    // What is left of a refused body is not read.
    ...(status === 413 ? { Connection: 'close' } : {}),
  });
  response.end(text);
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
