import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  type Ca,
  createCa,
  createCrl,
  generateKeyPair,
  issueCertificate,
  type KeyPair,
  readCsr,
} from '@troupe/core/pki';

// Keys take long to make and nothing depends on their being fresh.
const cas = new Map<string, Promise<Ca>>();
let serverKey: Promise<KeyPair> | undefined;

function caNamed(commonName: string): Promise<Ca> {
  const ca = cas.get(commonName) ?? createCa({ commonName, bits: 2048 });
  cas.set(commonName, ca);
  return ca;
}

/** What a Puppet CA answers, made by hand: the part of its HTTP API that a node uses. */
export class FakeCa implements AsyncDisposable {
  readonly ca: Ca;
  readonly requests = new Map<string, string>();
  readonly certificates = new Map<string, string>();
  /** `METHOD path` of all that was asked. */
  readonly asked: string[] = [];
  revocationList: string;
  /** Answers instead of the usual ones, by `METHOD path`. */
  readonly answers = new Map<string, { status: number; body: string } | 'cut'>();
  /** Nothing is answered before this. */
  pause: Promise<void> = Promise.resolve();
  readonly #server: Server;

  private constructor(ca: Ca, server: Server) {
    this.ca = ca;
    this.revocationList = createCrl({ ca, number: 1, revoked: [] });
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** `names` and `addresses` are in the certificate of the server, whose serial number is `0badcafe`. */
  static async start(
    options: { name?: string; names?: readonly string[]; addresses?: readonly string[] } = {},
  ): Promise<FakeCa> {
    const ca = await caNamed(options.name ?? 'Fake CA');
    serverKey ??= generateKeyPair(2048);
    const { privateKeyPem, publicKeyPem } = await serverKey;
    const certificate = issueCertificate({
      ca,
      commonName: 'm1.example.net',
      publicKeyPem,
      dnsNames: options.names ?? ['m1.example.net', 'puppet'],
      ipAddresses: options.addresses ?? [],
      serial: '0badcafe',
    });
    const server = createServer({ key: privateKeyPem, cert: certificate });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeCa(ca, server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get digest(): string {
    return createHash('sha256').update(this.ca.certificatePem).digest('hex');
  }

  /** Signs the request that waits. */
  sign(certname: string): string {
    const { publicKeyPem } = readCsr(this.requests.get(certname) ?? '');
    const certificate = issueCertificate({ ca: this.ca, commonName: certname, publicKeyPem });
    this.certificates.set(certname, certificate);
    this.requests.delete(certname);
    return certificate;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace('/puppet-ca/v1/', '');
    const what = `${request.method} ${path}`;
    this.asked.push(what);
    const body: Buffer[] = [];
    for await (const piece of request) body.push(piece as Buffer);
    await this.pause;
    const given = this.answers.get(what);
    const usual = () => this.#usual(what, Buffer.concat(body).toString());
    if (given === 'cut') {
      usual();
      request.socket.destroy();
      return;
    }
    const { status, body: text } = given ?? usual();
    response.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
  }

  #usual(what: string, body: string): { status: number; body: string } {
    if (what === 'GET certificate/ca') return { status: 200, body: this.ca.certificatePem };
    if (what === 'GET certificate_revocation_list/ca') return { status: 200, body: this.revocationList };
    const [, kind = '', name = ''] = /^(\w+ \w+)\/(.+)$/.exec(what) ?? [];
    if (kind === 'PUT certificate_request') return this.#submit(name, body);
    const held = (kind === 'GET certificate' ? this.certificates : this.requests).get(name);
    return held === undefined ? { status: 404, body: 'Resource not found.' } : { status: 200, body: held };
  }

  #submit(name: string, csr: string): { status: number; body: string } {
    for (const [held, word] of [
      [this.certificates, 'signed'],
      [this.requests, 'requested'],
    ] as const) {
      if (held.has(name)) {
        return {
          status: 400,
          body: `${name} already has a ${word} certificate; ignoring certificate request`,
        };
      }
    }
    this.requests.set(name, csr);
    return { status: 200, body: '' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
