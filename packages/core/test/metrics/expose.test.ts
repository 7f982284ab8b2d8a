import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createLogger } from '../../src/log/logger.js';
import { type ExposedMetrics, exposeMetrics } from '../../src/metrics/expose.js';
import { serveWeb } from '../../src/metrics/web-server.js';

const loopback = { address: '127.0.0.1', port: 0 };

describe('exposed metrics', () => {
  let folder: string;
  let exposed: ExposedMetrics | undefined;
  let lines: { level: number; msg: string; reason?: string }[];
  let text: () => string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'metrics-'));
    lines = [];
    text = () => 'a 1\n';
  });
  afterEach(async () => {
    await exposed?.close();
    exposed = undefined;
    rmSync(folder, { recursive: true });
  });
  const log = createLogger({
    level: 'trace',
    destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
  });
  const open = async (options: { http?: typeof loopback; textfile?: string }) => {
    exposed = await exposeMetrics(
      { text: () => text() },
      { http: undefined, textfile: undefined, ...options, interval: 0.01, keys: 'metrics.http', log },
    );
    return exposed;
  };

  it('are at /metrics in the format that Prometheus reads', async () => {
    const { url } = await open({ http: loopback });
    const response = await fetch(`${url}/metrics`);
    expect([response.status, response.headers.get('content-type'), await response.text()]).to.deep.equal([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'a 1\n',
    ]);
  });

  for (const [path, method, status, body] of [
    ['/metrics?x=1', 'GET', 200, 'a 1\n'],
    ['/metrics', 'HEAD', 200, ''],
    ['/', 'GET', 404, 'not found: use /metrics\n'],
    ['/toString', 'GET', 404, 'not found: use /metrics\n'],
    ['/metrics', 'POST', 405, 'only GET and HEAD are allowed\n'],
  ] as const) {
    it(`answer ${method} ${path} with ${status}`, async () => {
      const { url } = await open({ http: loopback });
      const response = await fetch(`${url}${path}`, { method });
      expect([response.status, await response.text()]).to.deep.equal([status, body]);
    });
  }

  it('answer 500 and log the reason if a value cannot be read; the program continues', async () => {
    const { url } = await open({ http: loopback });
    text = () => {
      throw new Error('out of order');
    };
    const response = await fetch(`${url}/metrics`);
    expect([response.status, await response.text()]).to.deep.equal([
      500,
      'cannot read the values: the log has the reason\n',
    ]);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ msg: 'cannot answer an HTTP request', reason: 'out of order' });
    text = () => 'a 2\n';
    expect(await (await fetch(`${url}/metrics`)).text()).to.equal('a 2\n');
  });

  it('warn about a port that is in use, with its keys, and leave the program alone', async () => {
    const first = await serveWeb({ http: loopback, keys: 'x', pages: {}, log });
    try {
      const port = Number(new URL(first.url).port);
      const { url } = await open({ http: { address: '127.0.0.1', port } });
      expect(url).to.equal(undefined);
      expect(exposed?.faults().http).to.match(/^cannot listen on .*: EADDRINUSE: /);
      expect(lines.map(({ level, msg, reason }) => [level, msg, reason])).to.deep.equal([
        [
          40,
          'cannot serve metrics over HTTP',
          `cannot listen on 127.0.0.1:${port}: EADDRINUSE: address already in use: change metrics.http`,
        ],
      ]);
    } finally {
      await first.close();
    }
  });

  it('serve an address of IPv6 with a URL that can be opened', async function () {
    const { url } = await open({ http: { address: '::1', port: 0 } });
    if (url === undefined) this.skip();
    expect(url).to.match(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${url}/metrics`)).status).to.equal(200);
  });

  it('accept 32 connections and close further ones at once', async () => {
    const { url = '' } = await open({ http: loopback });
    const { port, hostname } = new URL(url);
    const sockets: Socket[] = [];
    const closed: Socket[] = [];
    try {
      for (let count = 0; count < 40; count += 1) {
        const socket = connect({ port: Number(port), host: hostname });
        socket.on('error', () => {});
        socket.once('close', () => closed.push(socket));
        sockets.push(socket);
      }
      await until('eight are closed', () => closed.length === 8);
      for (const socket of sockets) socket.destroy();
      await until('there is room again', async () => {
        try {
          return (await fetch(`${url}/metrics`)).ok;
        } catch {
          return false;
        }
      });
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it('refuse a request whose header exceeds 8 KiB', async () => {
    const { url = '' } = await open({ http: loopback });
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${url}/metrics`, { headers: { 'x-long': 'x'.repeat(9000) } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end();
    });
    expect(status).to.equal(431);
  });

  it('are in a file again and again, until they are closed', async () => {
    const textfile = join(folder, 'troupe.prom');
    await open({ textfile });
    await until('it is written', () => existsSync(textfile) && readFileSync(textfile, 'utf8') === 'a 1\n');
    text = () => 'a 2\n';
    await until('it is written again', () => readFileSync(textfile, 'utf8') === 'a 2\n');
    await exposed?.close();
    expect(existsSync(textfile)).to.equal(false);
  });

  it('warn once about a file that cannot be written', async () => {
    await open({ textfile: join(folder, 'missing/troupe.prom') });
    await until('it was tried', () => lines.length > 0);
    const reason = 'ENOENT: no such file or directory';
    await until('it is known', () => exposed?.faults().textfile !== undefined);
    expect(exposed?.faults().textfile).to.equal(`cannot write ${folder}/missing/troupe.prom: ${reason}`);
    await exposed?.close();
    expect(lines.map(({ msg, reason: why }) => [msg, why])).to.deep.equal([
      ['cannot write the file of metrics', reason],
    ]);
  });
});
