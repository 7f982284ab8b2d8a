import { silentLogger } from '@troupe/core';
import type { Pause } from '@troupe/core/internal';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Monitoring } from '../../src/monitoring/monitoring.js';
import type { StatusPage } from '../../src/monitoring/status-page.js';

const onLoopback = { http: { address: '127.0.0.1', port: 0 }, metrics: { interval: 30 } };

describe('the web server of a provisioner', () => {
  let web: Monitoring;
  let pause: Pause | undefined;
  let owed: number;
  beforeEach(async () => {
    pause = undefined;
    web = await Monitoring.open(onLoopback, { callers: {} }, silentLogger);
    owed = 0;
    const debt = { certname: 'web1.example.net', identity: 'web1', master: 'puppet1', reason: 'r' };
    const provisioner = {
      owner: 'prov/1',
      nodes: () => [],
      paused: () => pause,
      mastersAway: () => [{ identity: 'puppet1', awaySince: 1000 }],
      arrivals: () => [
        ...(['working', 'silent'] as const).map((state) => {
          return { identity: state, collective: 'c', state, reason: 'r', since: 0, count: 1 };
        }),
      ],
      messages: () => ({ waiting: 2, oldestSince: 0 }),
      debts: () => Array.from({ length: owed }, (_, since) => ({ ...debt, since })),
    };
    web.watch(provisioner, { isConnected: true });
  });
  afterEach(() => web.close());

  const status =
    '{"owner":"prov/1","paused":null,"nodes":[],"masters_away":[{"identity":"puppet1","since":"1970-01-01T00:00:01.000Z"}],"debts":[],"debts_total":0,"arrivals":[{"identity":"silent","collective":"c","state":"silent","reason":"r","count":1,"since":"1970-01-01T00:00:00.000Z"},{"identity":"working","collective":"c","state":"working","reason":"r","count":1,"since":"1970-01-01T00:00:00.000Z"}],"arrivals_total":2,"notifications":{"waiting":2,"oldest_since":"1970-01-01T00:00:00.000Z","reason":null}}\n';
  for (const [path, method, code, type, body] of [
    ['/healthz', 'GET', 200, 'text/plain; charset=utf-8', 'ok\n'],
    ['/healthz?now', 'GET', 200, 'text/plain; charset=utf-8', 'ok\n'],
    ['/healthz', 'HEAD', 200, 'text/plain; charset=utf-8', ''],
    ['/status', 'GET', 200, 'application/json', status],
    ['/other', 'GET', 404, 'text/plain; charset=utf-8', 'not found: use /metrics, /status or /healthz\n'],
    ['/status', 'POST', 405, 'text/plain; charset=utf-8', 'only GET and HEAD are allowed\n'],
    ['/healthz', 'DELETE', 405, 'text/plain; charset=utf-8', 'only GET and HEAD are allowed\n'],
  ] as const) {
    it(`answers ${method} ${path} with ${code}`, async () => {
      const response = await fetch(`${web.url}${path}`, { method });
      expect([response.status, response.headers.get('content-type'), await response.text()]).to.deep.equal([
        code,
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

  it('lists the hundred oldest debts, and their number', async () => {
    owed = 150;
    const page = (await (await fetch(`${web.url}/status`)).json()) as StatusPage;
    expect([page.debts.length, page.debts_total]).to.deep.equal([100, 150]);
    expect(page.debts[1]).to.deep.equal({
      certname: 'web1.example.net',
      identity: 'web1',
      master: 'puppet1',
      since: '1970-01-01T00:00:00.001Z',
      reason: 'r',
    });
  });

  it('tells of a pause', async () => {
    pause = { by: 'ops', since: '2030', reason: 'new racks' };
    const status = (await (await fetch(`${web.url}/status`)).json()) as { paused: unknown };
    expect(status.paused).to.deep.equal(pause);
  });
});
