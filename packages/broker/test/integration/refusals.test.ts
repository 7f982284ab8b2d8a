import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { issueToken } from '@troupe/core';
import { parseRefusals, type RefusedClient } from '@troupe/core/internal';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { tokenVerifier } from '../../src/authentication/token-verifier.js';
import { type Broker, startBroker } from '../../src/broker.js';
import { connect, refusal, type TestClient } from '../fixtures/client.js';
import { type Identity, Pki } from '../fixtures/pki.js';
import { until } from '../fixtures/wait.js';

const topic = 'mco/provisioning/event/_broker';

describe('clients that the broker refuses', function () {
  this.timeout(30_000);
  let pki: Pki;
  let broker: Broker;
  let caller: TestClient;
  let issuer: Identity;
  const clients: TestClient[] = [];

  before(async () => {
    pki = await Pki.create();
    issuer = pki.issue('alice.mcollective');
    const security = { ...pki.server(), crl: pki.crlFile };
    const verifyToken = tokenVerifier({ mode: 'x509', ...security, callers: { match: '/\\.mcollective$/' } });
    const limits = { connect_timeout: 2 };
    broker = await startBroker(
      { listen: ['mqtts://127.0.0.1:0'], security, limits },
      { ...(verifyToken && { verifyToken }) },
    );
    caller = await join('alice.mcollective', issuer);
    expect(await caller.subscribe('mco/provisioning/event/#')).to.equal(0);
  });
  after(async () => {
    for (const client of clients) client.drop();
    await broker.close();
    pki.remove();
  });

  async function join(name: string, { cert, key }: Identity): Promise<TestClient> {
    const client = await connect(broker.url, { clientId: `${name}:x`, ca: pki.ca.certificatePem, cert, key });
    clients.push(client);
    return client;
  }
  const token = (ttlSeconds: number, now: number) =>
    issueToken(
      {
        iss: 'alice.mcollective',
        collective: 'provisioning',
        brokers: [broker.url],
        ca: pki.ca.certificatePem,
        callers: '/\\.mcollective$/',
        ttlSeconds,
      },
      {
        key: createPrivateKey(issuer.key),
        chain: [new X509Certificate(issuer.cert).raw.toString('base64')],
      },
      now,
    );
  const reported = (wanted: (client: RefusedClient) => boolean) =>
    until('the refusal is reported', () =>
      caller.received
        .filter((message) => message.topic === topic)
        .flatMap(({ text }) => parseRefusals(Buffer.from(text)))
        .findLast(wanted),
    );

  it('are reported to callers with their address, their name and the reason', async () => {
    const expired = await token(1, Date.now() - 60_000);
    const options = { clientId: 'web7:secret', username: 'web7.example.net', password: expired };
    await refusal(broker.url, { ...options, clientId: 'web7.example.net:s3cr3t', ca: pki.ca.certificatePem });
    const { address, name, reason, count } = await reported((client) => client.name === 'web7.example.net');
    expect({ address, name, count }).to.deep.equal({
      address: '127.0.0.1',
      name: 'web7.example.net',
      count: 1,
    });
    expect(reason).to.include('the enrolment token expired at');
    for (const { text } of caller.received) expect(text).to.not.include('s3cr3t').and.not.include(expired);
  });

  it('are reported by the name in their client id if they give no other', async () => {
    await refusal(broker.url, { clientId: 'web8:s3cr3t', ca: pki.ca.certificatePem });
    const { reason } = await reported(({ name }) => name === 'web8');
    expect(reason).to.include('neither a certificate nor an enrolment token');
    for (const { text } of caller.received) expect(text).to.not.include('s3cr3t');
  });

  it('are counted if they come again', async () => {
    for (let count = 0; count < 3; count += 1)
      await refusal(broker.url, {
        clientId: 'web9',
        username: 'web9',
        password: 'x',
        ca: pki.ca.certificatePem,
      });
    expect(await reported(({ name, count }) => name === 'web9' && count === 3)).to.have.property(
      'address',
      '127.0.0.1',
    );
  });

  it('are reported if they do not trust the certificate of the broker', async () => {
    // It has no other CA than those of the system, as a machine with a wrong clock has no valid one.
    await refusal(broker.url, { clientId: 'web10' });
    const { reason, name } = await reported((client) => client.reason.includes('may not trust'));
    expect(name).to.equal(undefined);
    expect(reason).to.include('its clock is wrong');
  });

  it('are reported if they say nothing', async () => {
    const { hostname, port } = new URL(broker.url);
    const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
    socket.on('error', () => undefined);
    await once(socket, 'close');
    const refused = await reported(({ reason }) => reason.includes('did not authenticate in time'));
    expect(refused).to.have.property('address', '127.0.0.1');
  });

  it('are not reported if they only look whether the port is open', async () => {
    const { hostname, port } = new URL(broker.url);
    const socket = connectTcp({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.end('GET / HTTP/1.0\r\n\r\n');
    socket.resume().on('error', () => undefined);
    await once(socket, 'close');
    const before = caller.received.length;
    await refusal(broker.url, { clientId: 'web11', ca: pki.ca.certificatePem });
    await reported(({ name }) => name === 'web11');
    const later = caller.received.slice(before).flatMap(({ text }) => parseRefusals(Buffer.from(text)));
    expect(later.filter(({ reason }) => /http|version/i.test(reason))).to.deep.equal([]);
  });

  it('nobody else can report them', async () => {
    const node = await join('node1.example.com', pki.issue('node1.example.com'));
    await node.publish(topic, '{}');
    await node.closed();
    const other = await join('alice.mcollective', issuer);
    await other.publish(topic, '{}');
    await other.closed();
    expect(caller.received.filter(({ text }) => text === '{}')).to.deep.equal([]);
  });
});
