import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import {
  aotJar,
  createTempFolder,
  freePort,
  PuppetServer,
  puppetAgentMissing,
  puppetServerMissing,
  skip,
  type TempFolder,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { puppetNode } from './puppet-node.js';

describe('a first run against a server that speaks TLS 1.3', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let server: PuppetServer;

  before(async function () {
    this.timeout(600_000);
    const missing = puppetAgentMissing() ?? puppetServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-tls13', mode: 0o711 });
    const address = '127.0.0.1';
    server = await PuppetServer.start({
      name: 'm13',
      folder: folder.join('m13'),
      address,
      port: await freePort(address),
      certname: 'm13.lab',
      tlsVersions: ['TLSv1.3'],
      code: { 'production/manifests/site.pp': '' },
      aotJar: aotJar(),
    });
  });

  after(async function () {
    this.timeout(60_000);
    await server?.stop();
    await folder?.close();
  });

  it('uses a connection for each request, because one that is kept may stall for its whole keepalive', async () => {
    await using proxy = await ReverseProxy.start(server);
    const node = await puppetNode(folder.path, 'new.lab', proxy);
    const { outcome, reason } = await node.run();
    expect(outcome, reason).to.equal('not-signed');
    // The CA's certificate, its revocation list, the own certificate twice, the request for one.
    expect(proxy.requests.length).to.be.at.least(4);
    expect(new Set(proxy.requests).size).to.equal(proxy.requests.length);
  });
});

/** Passes requests on to a server, whose certificate it has, and keeps the connection of each. */
class ReverseProxy implements AsyncDisposable {
  readonly address = '127.0.0.1';
  readonly requests: Socket[] = [];
  readonly #listener: Server;

  private constructor(to: PuppetServer) {
    const { hostCertificate, hostKey, caCertificate } = to.paths;
    const [cert, key, ca] = [hostCertificate, hostKey, caCertificate].map((file) => readFileSync(file));
    this.#listener = createServer({ cert, key, minVersion: 'TLSv1.3' }, (incoming, reply) => {
      this.requests.push(incoming.socket);
      const { method, headers, url } = incoming;
      const outgoing = request(
        new URL(url ?? '/', to.url),
        { method, headers, ca, agent: false },
        (answer) => {
          const { connection: _ownConnection, ...rest } = answer.headers;
          reply.writeHead(answer.statusCode ?? 502, rest);
          answer.pipe(reply);
        },
      );
      outgoing.on('error', () => reply.destroy());
      incoming.pipe(outgoing);
    });
  }

  static async start(to: PuppetServer): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(to);
    proxy.#listener.listen(0, proxy.address);
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#listener.closeAllConnections();
    await once(this.#listener, 'close');
  }
}
