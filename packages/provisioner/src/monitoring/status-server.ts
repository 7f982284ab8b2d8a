import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TroupeError } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import type { HttpAddress } from '../config/config.js';
import type { Provisioner } from '../worker/provisioner.js';
import type { Metrics } from './metrics.js';

/** A web server for the state of a provisioner: `/metrics`, `/status` and `/healthz`. */
export interface StatusServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves until it is closed. Throws TroupeError if it cannot listen on the address. */
export async function serveStatus(
  { address, port }: HttpAddress,
  provisioner: Pick<Provisioner, 'owner' | 'nodes' | 'paused'>,
  { registry }: Pick<Metrics, 'registry'>,
): Promise<StatusServer> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, 'only GET and HEAD are allowed\n');
    if (path === '/healthz') return answer(response, 200, 'ok\n');
    if (path === '/status') {
      const { owner } = provisioner;
      const status = { owner, paused: provisioner.paused() ?? null, nodes: provisioner.nodes() };
      return answer(response, 200, `${JSON.stringify(status)}\n`, 'application/json');
    }
    if (path === '/metrics') return answer(response, 200, await registry.metrics(), registry.contentType);
    return answer(response, 404, 'not found: use /metrics, /status or /healthz\n');
  });
  server.listen(port, address);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new TroupeError(
      'LISTEN_FAILED',
      `cannot listen on ${address}:${port}: ${systemReasonOf(cause)}: change http.address or http.port`,
      { cause },
    );
  }
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

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}
