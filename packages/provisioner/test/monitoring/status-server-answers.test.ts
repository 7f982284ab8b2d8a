import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Metrics } from '../../src/monitoring/metrics.js';
import { type StatusServer, serveStatus } from '../../src/monitoring/status-server.js';
import type { Pause } from '../../src/worker/pause-file.js';

describe('the web server of a provisioner', () => {
  let web: StatusServer;
  let pause: Pause | undefined;
  beforeEach(async () => {
    pause = undefined;
    const provisioner = { owner: 'prov/1', nodes: () => [], paused: () => pause };
    web = await serveStatus({ address: '127.0.0.1', port: 0 }, provisioner, new Metrics());
  });
  afterEach(() => web.close());

  for (const [path, method, status, type, body] of [
    ['/healthz', 'GET', 200, 'text/plain; charset=utf-8', 'ok\n'],
    ['/healthz?now', 'GET', 200, 'text/plain; charset=utf-8', 'ok\n'],
    ['/healthz', 'HEAD', 200, 'text/plain; charset=utf-8', ''],
    ['/status', 'GET', 200, 'application/json', '{"owner":"prov/1","paused":null,"nodes":[]}\n'],
    ['/other', 'GET', 404, 'text/plain; charset=utf-8', 'not found: use /metrics, /status or /healthz\n'],
    ['/status', 'POST', 405, 'text/plain; charset=utf-8', 'only GET and HEAD are allowed\n'],
    ['/healthz', 'DELETE', 405, 'text/plain; charset=utf-8', 'only GET and HEAD are allowed\n'],
  ] as const) {
    it(`answers ${method} ${path} with ${status}`, async () => {
      const response = await fetch(`${web.url}${path}`, { method });
      expect([response.status, response.headers.get('content-type'), await response.text()]).to.deep.equal([
        status,
        type,
        body,
      ]);
      expect(response.headers.get('cache-control')).to.equal('no-store');
    });
  }

  it('answers /metrics as Prometheus reads it', async () => {
    const response = await fetch(`${web.url}/metrics`);
    expect(response.headers.get('content-type')).to.match(/^text\/plain; version=/);
  });

  it('tells of a pause', async () => {
    pause = { by: 'ops', since: '2030', reason: 'new racks' };
    const status = (await (await fetch(`${web.url}/status`)).json()) as { paused: unknown };
    expect(status.paused).to.deep.equal(pause);
  });
});
