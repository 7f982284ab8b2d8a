import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ActionError, parseYaml } from '@troupe/core';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { rejection, sendmsg } from '../call.js';
import { makePemFiles, type PemFiles } from '../pem-files.js';

// Compiled tests are in dist/test/integration.
const inDocs = (file: string) => fileURLToPath(new URL(`../../../../../docs/${file}`, import.meta.url));

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('webhook and a real web server', function () {
  this.timeout(30_000);
  let folder: TempFolder;
  let pem: PemFiles;
  let secret: string;
  let server: Server | undefined;
  let received: Received[];

  before(async () => {
    folder = await createTempFolder();
    pem = await makePemFiles(folder, 'hooks.test');
    secret = folder.join('secret');
    writeFileSync(secret, 'geheim\n', { mode: 0o600 });
  });
  afterEach(async () => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });
  after(() => folder.close());

  /** Starts a server which records what it gets and answers as told; returns its URL. */
  async function start(answer: RequestListener, options: { tls?: boolean } = {}): Promise<string> {
    received = [];
    const listener: RequestListener = async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method, url, headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    };
    server = options.tls
      ? createTlsServer({ cert: readFileSync(pem.certificate), key: readFileSync(pem.key) }, listener)
      : createServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  const ok: RequestListener = (_, response) => {
    response.writeHead(204).end();
  };
  const input = { recipient: 'webhook://ops', subject: 'Größe', message: 'line 1\nline 2' };

  function section(url: string, more: Record<string, unknown> = {}, timeout = 10): Record<string, unknown> {
    return {
      webhook: { endpoints: { ops: { url, ...more }, other: { url: 'http://127.0.0.1:1/' } }, timeout },
    };
  }

  it('posts the notification as JSON', async () => {
    const url = await start(ok);
    const output = await sendmsg(section(`${url}/hook?key=1`), input, { requestId: 'abc123' });
    expect(output).to.deep.equal({
      msg: 'Delivered to webhook://ops',
      state: 'delivered',
      protocol: 'webhook',
      recipient: 'webhook://ops',
      id: 'abc123',
    });
    const [request, ...others] = received;
    expect(others).to.deep.equal([]);
    expect(request?.method).to.equal('POST');
    expect(request?.url).to.equal('/hook?key=1');
    expect(request?.headers['content-type']).to.equal('application/json');
    expect(request?.headers).to.not.have.property('x-hub-signature-256');
    const { time, ...body } = JSON.parse(request?.body ?? '');
    expect(body).to.deep.equal({
      version: 1,
      id: 'abc123',
      ...input,
      short: 'line 1',
      caller: 'rip.mcollective',
      host: 'notifier.example.com',
      fields: {},
    });
    expect(new Date(time).toISOString()).to.equal(time);
  });

  it('posts the fields of the message with their types, as its schema says', async () => {
    const url = await start(ok);
    const fields = {
      node: 'web1',
      outcome: 'quarantined',
      resource: 'Exec["a"]',
      file: '/site.pp',
      line: 12,
    };
    await sendmsg(section(url), { ...input, fields });
    const groups = [{ event: 'quarantined', reason: 'no', messages: [{ id: 'a', node: 'web1' }] }];
    await sendmsg(section(url), { ...input, fields: { outcome: 'digest', count: 1, groups } });
    const bodies = received.map(({ body }) => JSON.parse(body));
    expect(bodies.map((body) => body.fields)).to.deep.equal([
      fields,
      { outcome: 'digest', count: 1, groups },
    ]);
    const validate = new Ajv2020({ strict: true, formats: { 'date-time': true } }).compile(
      JSON.parse(readFileSync(inDocs('reference/notification.schema.json'), 'utf8')),
    );
    for (const body of bodies) expect(validate(body), JSON.stringify(validate.errors)).to.equal(true);
    expect(validate({ ...bodies[0], fields: { line: 'twelve' } })).to.equal(false);
  });

  it('posts to an SMS gateway as the guide says', async () => {
    const url = await start(ok);
    const guide = readFileSync(inDocs('guides/notifications.md'), 'utf8');
    const yaml = /## Send SMS.*?```yaml\n(.*?)```/s.exec(guide)?.[1] ?? '';
    expect(yaml).to.include('https://sms.example.net/v1/messages');
    const token = folder.join('sms.token');
    writeFileSync(token, 'secret-token\n', { mode: 0o600 });
    const adapted = yaml
      .replaceAll(/https:\/\/sms\.example\.net/g, url)
      .replaceAll('/etc/troupe/sms.token', token);
    const { plugins } = parseYaml(adapted) as { plugins: { notify: Record<string, unknown> } };
    const message = 'web1 is in quarantine: "disk" full\nlock ok';
    for (const name of ['sms', 'sms-form'])
      await sendmsg(plugins.notify, { recipient: `webhook://${name}`, subject: 'Quarantined web1', message });
    const [json, form] = received;
    expect(json?.headers.authorization).to.equal('Bearer secret-token');
    expect(JSON.parse(json?.body ?? '')).to.deep.equal({
      to: '+353860000000',
      text: 'Quarantined web1: web1 is in quarantine: "disk" full',
    });
    expect(form?.headers['content-type']).to.equal('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(form?.body))).to.deep.equal({
      To: '+353860000000',
      Body: 'Quarantined web1: web1 is in quarantine: "disk" full',
    });
  });

  it('signs what it posts, as openssl would', async () => {
    const url = await start(ok);
    await sendmsg(section(url, { secret_file: secret }), input);
    const expected = execFileSync('openssl', ['dgst', '-sha256', '-hmac', 'geheim', '-r'], {
      input: received[0]?.body ?? '',
      encoding: 'utf8',
    }).slice(0, 64);
    expect(received[0]?.headers['x-hub-signature-256']).to.equal(`sha256=${expected}`);
  });

  it('posts over TLS to a server whose certificate it can verify', async () => {
    const url = await start(ok, { tls: true });
    await sendmsg(section(url, { ca: pem.ca }), input);
    expect(received).to.have.length(1);
  });

  it('posts nothing to a server whose certificate it cannot verify', async () => {
    const url = await start(ok, { tls: true });
    const error = await rejection(sendmsg(section(url), input));
    expect(error.message).to.match(/^Cannot connect to webhook "ops": (self-signed|unable to verify)/);
    expect(received).to.deep.equal([]);
  });

  it('posts nothing to a server with another name', async () => {
    const url = await start(ok, { tls: true });
    const error = await rejection(
      sendmsg(section(url.replace('127.0.0.1', 'localhost'), { ca: pem.ca }), input),
    );
    expect(error.message).to.match(
      /^Cannot connect to webhook "ops": .*does not match certificate's altnames/,
    );
    expect(received).to.deep.equal([]);
  });

  it('names the endpoints when there is none of that name', async () => {
    const error = await rejection(
      sendmsg(section('http://127.0.0.1:1/'), { ...input, recipient: 'webhook://nobody' }),
    );
    expect(error).to.be.instanceOf(ActionError);
    expect(error.status).to.equal(1);
    expect(error.message).to.equal(
      'Webhook "nobody" is not configured on this notifier; configured: ops, other',
    );
  });

  it('takes no URL for the name of an endpoint', async () => {
    const url = await start(ok);
    const recipient = `webhook://${url}`;
    expect((await rejection(sendmsg(section(url), { ...input, recipient }))).message).to.include(
      'is not configured',
    );
    for (const name of ['constructor', '__proto__']) {
      const error = await rejection(sendmsg(section(url), { ...input, recipient: `webhook://${name}` }));
      expect(error.message).to.include(`Webhook "${name}" is not configured on this notifier`);
    }
    expect(received).to.deep.equal([]);
  });

  for (const [status, body, said] of [
    [500, 'it broke\nbadly', 'HTTP status 500: it broke badly'],
    [404, '', 'HTTP status 404'],
    [403, 'x'.repeat(100_000), `HTTP status 403: ${'x'.repeat(199)}…`],
  ] as const) {
    it(`fails when the server answers ${status}`, async () => {
      const url = await start((_, response) => void response.writeHead(status).end(body));
      const error = await rejection(sendmsg(section(url), input));
      expect(error).to.be.instanceOf(ActionError);
      expect(error.status).to.equal(1);
      expect(error.message).to.equal(`Webhook "ops" did not accept the message: ${said}`);
    });
  }

  for (const status of [301, 302, 307, 308]) {
    it(`does not follow a redirect (${status})`, async () => {
      const url = await start((_, response) => {
        response.writeHead(status, { location: `/elsewhere?token=geheim` }).end();
      });
      const error = await rejection(sendmsg(section(url), input));
      expect(error.message).to.equal(
        `Webhook "ops" did not accept the message: HTTP status ${status}, a redirect; redirects are not followed`,
      );
      expect(received).to.have.length(1);
    });
  }

  it('says that nobody listens, and not at which URL', async () => {
    const error = await rejection(sendmsg(section('http://127.0.0.1:1/geheim'), input));
    expect(error.message).to.match(/^Cannot connect to webhook "ops": .*ECONNREFUSED/);
    expect(error.message).to.not.include('geheim');
  });

  it('gives up after the configured time', async () => {
    const url = await start(() => {});
    const error = await rejection(sendmsg(section(url, {}, 0.2), input));
    expect(error.message).to.equal('Webhook "ops" timed out after 0.2 s');
  });

  it('gives up on an answer that never ends', async () => {
    const url = await start((_, response) => void response.writeHead(200).write('a'));
    const error = await rejection(sendmsg(section(url, {}, 0.2), input));
    expect(error.message).to.equal('Webhook "ops" timed out after 0.2 s');
  });

  it('ends when the call is cancelled', async () => {
    let isClosed = false;
    const url = await start((request) => {
      request.socket.on('close', () => {
        isClosed = true;
      });
    });
    const controller = new AbortController();
    const call = rejection(sendmsg(section(url), input, { signal: controller.signal }));
    await waitFor('the request', () => received.length === 1);
    controller.abort();
    expect((await call).message).to.equal('Delivery to webhook "ops" was cancelled');
    await waitFor('the connection to end', () => isClosed);
  });
});
