import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface PreparedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A web server that records what it gets, and gives prepared answers: the last one again and again. */
export class WebServer {
  readonly received: ReceivedRequest[] = [];
  readonly url: string;
  readonly #server: Server;
  #answers: readonly PreparedAnswer[] = [{ status: 200 }];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method, url: path, headers } = request;
      this.received.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
      const [answer = { status: 500 }, ...rest] = this.#answers;
      if (rest.length > 0) this.#answers = rest;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  }

  static async start(): Promise<WebServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebServer(server);
  }

  /** Forgets what came and prepares the answers to what comes. */
  prepare(...answers: readonly PreparedAnswer[]): void {
    this.received.length = 0;
    this.#answers = answers;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
