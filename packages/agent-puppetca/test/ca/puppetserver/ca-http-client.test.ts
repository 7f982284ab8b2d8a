import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { mock } from 'node:test';
import { createCa, createCrl, generateEcKeyPair } from '@troupe/core/pki';
import { droppingPort } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { CaError } from '../../../src/ca/error.js';
import { FakeCa } from './fake-ca.js';

const ping = { method: 'GET', path: 'certificate/ca' } as const;

describe('HTTP client of the CA', () => {
  let fake: FakeCa;

  beforeEach(async () => {
    fake = await FakeCa.start();
  });

  afterEach(() => fake.stop());

  async function failure(promise: Promise<unknown>): Promise<CaError> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(CaError);
    return error as CaError;
  }

  it('sends JSON, and hands back whatever the server answers', async () => {
    let body = '';
    fake.behaviour = (request, response) => {
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.writeHead(418).end('teapot'));
    };
    const answer = await fake
      .client()
      .call({ method: 'PUT', path: 'x/y?z=1', body: { desired_state: 'signed' } });
    expect(answer.status).to.equal(418);
    expect(answer.body.toString()).to.equal('teapot');
    expect(body).to.equal('{"desired_state":"signed"}');
    expect(fake.calls).to.deep.equal([{ method: 'PUT', url: '/puppet-ca/v1/x/y?z=1', client: 'ca1' }]);
  });

  it('gives the server the seconds that it is told, 15 otherwise', async () => {
    const timeout = mock.method(AbortSignal, 'timeout');
    try {
      await fake.client().call(ping);
      await fake.client({ timeoutSeconds: 3 }).call(ping);
      expect(timeout.mock.calls.map(({ arguments: [milliseconds] }) => milliseconds)).to.deep.equal([
        15_000, 5_000, 3_000, 5_000,
      ]);
    } finally {
      timeout.mock.restore();
    }
  });

  it('makes its first calls at the same time', async () => {
    const client = fake.client();
    const answers = await Promise.all([client.call(ping), client.call(ping), client.call(ping)]);
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
  });

  it('keeps its connection', async () => {
    const client = fake.client();
    for (let call = 0; call < 3; call += 1) await client.call(ping);
    expect(fake.connections).to.equal(1);
  });

  it('repeats a call for which the server closed the kept connection', async () => {
    const client = fake.client();
    await client.call(ping);
    let calls = 0;
    fake.behaviour = (request, response) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else response.end('here');
    };
    expect((await client.call(ping)).body.toString()).to.equal('here');
    expect(fake.connections).to.equal(2);
  });

  it('does not repeat for ever', async () => {
    fake.behaviour = (request) => request.socket.destroy();
    expect((await failure(fake.client().call(ping))).code).to.equal('UNREACHABLE');
  });

  it('uses a new certificate as soon as it is there', async () => {
    const client = fake.client();
    await client.call(ping);
    await fake.useClient('ca1-renewed');
    await client.call(ping);
    expect(fake.calls.map((call) => call.client)).to.deep.equal(['ca1', 'ca1-renewed']);
  });

  it('heeds a revocation as soon as it is known, also on a kept connection', async () => {
    const client = fake.client();
    await client.call(ping);
    await fake.useCrl([fake.serial]);
    const error = await failure(client.call(ping));
    expect(error.code).to.equal('UNREACHABLE');
    expect(error.message).to.include('is revoked').and.include(fake.url);
    await fake.useCrl([]);
    expect((await client.call(ping)).status).to.equal(200);
  });

  it('uses a revocation list that has expired, and still refuses a revoked server by it', async () => {
    await fake.useCrl([], { days: -1 });
    const client = fake.client();
    expect((await client.call(ping)).status).to.equal(200);
    await fake.useCrl([fake.serial], { days: -1 });
    expect((await failure(client.call(ping))).message).to.include('is revoked');
  });

  it('refuses a server whose CA has no revocation list', async () => {
    const other = await createCa({ commonName: 'Other' });
    await writeFile(join(fake.folder, 'crl.pem'), createCrl({ ca: other, number: 1, revoked: [] }));
    expect((await failure(fake.client().call(ping))).message).to.include('no revocation list of the CA');
  });

  it('does not speak to a server of another CA', async () => {
    const { certificatePem } = await createCa({ commonName: 'Other' });
    await writeFile(join(fake.folder, 'ca.pem'), certificatePem);
    expect((await failure(fake.client().call(ping))).code).to.equal('UNREACHABLE');
    expect(fake.calls).to.deep.equal([]);
  });

  it('does not speak to a server under another name', async () => {
    const error = await failure(fake.client({ serverName: 'ca2' }).call(ping));
    expect(error.message).to.include('ca2');
    expect(fake.calls).to.deep.equal([]);
    expect((await fake.client({ serverName: 'ca1' }).call(ping)).status).to.equal(200);
  });

  for (const file of ['ca.pem', 'cert.pem', 'key.pem', 'crl.pem']) {
    it(`names ${file} when it cannot be read`, async () => {
      const client = fake.client();
      await client.call(ping);
      await rm(join(fake.folder, file));
      const error = await failure(client.call(ping));
      expect(error.code).to.equal('UNREACHABLE');
      expect(error.message).to.include(join(fake.folder, file));
    });
  }

  it('names its files when they do not fit together, and recovers when they do', async () => {
    const client = fake.client();
    await writeFile(join(fake.folder, 'key.pem'), (await generateEcKeyPair()).privateKeyPem);
    expect((await failure(client.call(ping))).message).to.include(join(fake.folder, 'key.pem'));
    await fake.useClient('ca1');
    expect((await client.call(ping)).status).to.equal(200);
  });

  it('says that nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    const error = await failure(fake.client({ url }).call(ping));
    expect(error.code).to.equal('UNREACHABLE');
    expect(error.message).to.match(
      /^GET https:\/\/127\.0\.0\.1:\d+\/puppet-ca\/v1\/certificate\/ca: .*ECONNREFUSED/,
    );
  });

  it('gives up on a server whose port drops packets, before the time of a response is over', async () => {
    await using dropping = await droppingPort();
    const url = `https://127.0.0.1:${dropping.port}`;
    const error = await failure(fake.client({ url, connectMs: 100 }).call(ping));
    expect(error.code).to.equal('UNREACHABLE');
    expect(error.message).to.match(/: no connection within 0\.1 s: is a firewall in between/);
  });

  for (const [what, behaviour] of [
    ['never answers', () => {}],
    [
      'stops in the middle of its answer',
      (_, response) => response.writeHead(200, { 'Content-Length': 100 }).write('x'),
    ],
  ] as [string, FakeCa['behaviour']][]) {
    it(`gives up on a server that ${what}`, async () => {
      fake.behaviour = behaviour;
      const error = await failure(fake.client({ timeoutSeconds: 0.2 }).call(ping));
      expect(error.code).to.equal('TIMEOUT');
      expect(error.message).to.match(/no response within 0\.2 s$/);
    });

    it(`lets the caller go from a server that ${what}`, async () => {
      const caller = new AbortController();
      fake.behaviour = (request, response) => {
        behaviour(request, response);
        setImmediate(() => caller.abort(new Error('gone')));
      };
      const error = await fake
        .client()
        .call({ ...ping, signal: caller.signal })
        .catch((reason: Error) => reason);
      expect(error).to.be.instanceOf(Error).with.property('message', 'gone');
    });
  }

  it('notices an answer that is cut off', async () => {
    fake.behaviour = (request, response) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('x', () => request.socket.destroy());
    };
    expect((await failure(fake.client().call(ping))).code).to.equal('UNREACHABLE');
  });
});
