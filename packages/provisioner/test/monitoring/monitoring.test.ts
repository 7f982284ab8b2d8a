import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Monitoring } from '../../src/monitoring/monitoring.js';
import type { Pause } from '../../src/worker/pause-file.js';

const onLoopback = { http: { address: '127.0.0.1', port: 0 }, metrics: { interval: 30 } };

describe('the web server of a provisioner', () => {
  let web: Monitoring;
  let pause: Pause | undefined;
  beforeEach(async () => {
    pause = undefined;
    web = await Monitoring.open(onLoopback, { callers: {} }, silentLogger);
    web.watch({ owner: 'prov/1', nodes: () => [], paused: () => pause }, { isConnected: true });
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

  it('serves metrics before there is a broker; its status is not ready', async () => {
    const waiting = await Monitoring.open(onLoopback, { callers: {} }, silentLogger);
    try {
      const metrics = await fetch(`${waiting.url}/metrics`);
      expect(await metrics.text()).to.match(/^troupe_provisioner_broker_connected 0$/m);
      const status = await fetch(`${waiting.url}/status`);
      expect([status.status, await status.text()]).to.deep.equal([
        503,
        'not ready: not connected to a broker yet\n',
      ]);
    } finally {
      await waiting.close();
    }
  });

  it('tells of a pause', async () => {
    pause = { by: 'ops', since: '2030', reason: 'new racks' };
    const status = (await (await fetch(`${web.url}/status`)).json()) as { paused: unknown };
    expect(status.paused).to.deep.equal(pause);
  });
});
