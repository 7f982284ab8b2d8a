import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reasonOf, systemReasonOf, TroupeError } from '../errors.js';
import type { Logger } from '../log/logger.js';

// bound: connections to the web server of metrics | who reaches its address | 32 | 8 KiB of header, and one answer, each
// | further ones are closed at once; one that is slow or idle is closed after 10 s
const mostConnections = 32;
const headerBytes = 8 * 1024;
const slowest = 10_000;

/** An address for a web server; port 0 selects any free port. */
export interface HttpAddress {
  readonly address: string;
  readonly port: number;
}

/** What is shown at a path. */
export interface WebPage {
  readonly type: string;
  readonly body: string;
}

/** Pages by their paths, each made when somebody asks for it; nothing while it is not ready. */
export type WebPages = Readonly<Record<string, () => WebPage | undefined>>;

export interface WebServer {
  /** With the port that was bound. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves pages by their paths until it is closed. `keys` names the configuration keys of the address. Throws LISTEN_FAILED
 * if it cannot listen on the address.
 */
export async function serveWeb(options: {
  readonly http: HttpAddress;
  readonly keys: string;
  /** By path; a page that returns nothing is not ready yet. */
  readonly pages: WebPages;
  readonly log: Logger;
}): Promise<WebServer> {
  const { http, keys, log } = options;
  const { address, port } = http;
  const pages = new Map(Object.entries(options.pages));
  const notFound = `not found: use ${listed([...pages.keys()])}\n`;
  const limits = {
    maxHeaderSize: headerBytes,
    headersTimeout: slowest,
    requestTimeout: slowest,
    connectionsCheckingInterval: slowest / 2,
  };
  const server = createServer(limits, (request, response) => {
    const page = pages.get(request.url?.split('?')[0] ?? '');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, 'only GET and HEAD are allowed\n');
    if (!page) return answer(response, 404, notFound);
    try {
      const shown = page();
      if (shown) answer(response, 200, shown.body, shown.type);
      else answer(response, 503, 'not ready: not connected to a broker yet\n');
    } catch (error) {
      log.error({ ...reasonOf(error), path: request.url }, 'cannot answer an HTTP request');
      answer(response, 500, 'cannot read the values: the log has the reason\n');
    }
  });
  server.maxConnections = mostConnections;
  // Also for those that read slowly.
  server.timeout = slowest;
  server.listen(port, address);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = systemReasonOf(cause);
    throw new TroupeError('LISTEN_FAILED', `cannot listen on ${address}:${port}: ${reason}: change ${keys}`, {
      cause,
    });
  }
  // Such as no memory for one more connection: it must not end the program.
  server.on('error', (error) => log.error(reasonOf(error), 'the web server of metrics failed'));
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${last}` : last;
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}
