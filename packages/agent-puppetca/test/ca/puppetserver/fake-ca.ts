import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import {
  type Ca as Authority,
  createCa,
  createCrl,
  generateEcKeyPair,
  issueCertificate,
  readCertificate,
} from '@troupe/core/pki';
import { CaHttpClient } from '../../../src/ca/puppetserver/ca-http-client.js';

/** What the server does with a call: it answers, or does something worse. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTPS server that does what a test wants, with files of a client that it lets in. */
export class FakeCa {
  readonly authority: Authority;
  readonly folder: string;
  /** The serial number of the server's certificate. */
  readonly serial: string;
  /** Method, URL and client certificate of each call. */
  readonly calls: { method: string; url: string; client: string }[] = [];
  connections = 0;
  behaviour: Behaviour = (_, response) => response.end();
  readonly #server: Server;
  readonly #clients: CaHttpClient[] = [];

  static async start(): Promise<FakeCa> {
    const authority = await createCa({ commonName: 'Fake CA' });
    const folder = await mkdtemp(join(tmpdir(), 'troupe-fake-ca-'));
    const { privateKeyPem: key, publicKeyPem } = await generateEcKeyPair();
    const cert = issueCertificate({
      ca: authority,
      commonName: 'ca1',
      publicKeyPem,
      dnsNames: ['ca1'],
      ipAddresses: ['127.0.0.1'],
    });
    const ca = authority.certificatePem;
    const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true });
    // A test on a busy machine may pause for longer than a server keeps a connection.
    server.keepAliveTimeout = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const fake = new FakeCa(authority, folder, readCertificate(cert).serialNumber, server);
    await writeFile(join(folder, 'ca.pem'), ca);
    await fake.useClient('ca1');
    await fake.useCrl([]);
    return fake;
  }

  private constructor(authority: Authority, folder: string, serial: string, server: Server) {
    this.authority = authority;
    this.folder = folder;
    this.serial = serial;
    this.#server = server;
    server.on('secureConnection', () => {
      this.connections += 1;
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const client = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
      this.calls.push({ method: request.method ?? '', url: request.url ?? '', client: String(client) });
      this.behaviour(request, response);
    });
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Puts certificate and key of this name into the client's files. */
  async useClient(name: string): Promise<void> {
    const { privateKeyPem, publicKeyPem } = await generateEcKeyPair();
    const certificate = issueCertificate({ ca: this.authority, commonName: name, publicKeyPem });
    await writeFile(join(this.folder, 'cert.pem'), certificate);
    await writeFile(join(this.folder, 'key.pem'), privateKeyPem);
  }

  /** Puts a list of what is revoked into the client's files. */
  async useCrl(serials: readonly string[], options: { days?: number } = {}): Promise<void> {
    const revoked = serials.map((serial) => ({ serial, date: new Date() }));
    await writeFile(
      join(this.folder, 'crl.pem'),
      createCrl({ ca: this.authority, number: 1, revoked, ...options }),
    );
  }

  client(
    options: { url?: string; serverName?: string; timeoutSeconds?: number; connectMs?: number } = {},
  ): CaHttpClient {
    const client = new CaHttpClient({
      url: this.url,
      files: {
        ca: join(this.folder, 'ca.pem'),
        certificate: join(this.folder, 'cert.pem'),
        key: join(this.folder, 'key.pem'),
        crl: join(this.folder, 'crl.pem'),
      },
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** Answers every call alike. */
  answer(status: number, text = ''): void {
    this.behaviour = (_, response) => response.writeHead(status).end(text);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.folder, { recursive: true });
  }
}
