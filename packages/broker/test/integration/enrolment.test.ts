import { createPrivateKey, X509Certificate } from 'node:crypto';
import { issueReceipt, issueToken } from '@troupe/core';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import type { IClientOptions } from 'mqtt';
import { tokenVerifier } from '../../src/authentication/token-verifier.js';
import { type Broker, startBroker } from '../../src/broker.js';
import { connect, refusal, type TestClient } from '../fixtures/client.js';
import { type LogLine, recordingLogger } from '../fixtures/log.js';
import { type Identity, Pki } from '../fixtures/pki.js';
import { until } from '../fixtures/wait.js';

describe('machines with an enrolment token', function () {
  this.timeout(20_000);
  let pki: Pki;
  let broker: Broker;
  let lines: LogLine[];
  let issuer: Identity;
  const clients: TestClient[] = [];

  before(async () => {
    pki = await Pki.create();
    issuer = pki.issue('alice.mcollective');
    const recording = recordingLogger();
    lines = recording.lines;
    const security = { ...pki.server(), crl: pki.crlFile };
    const verifyToken = tokenVerifier({ mode: 'x509', ...security, callers: { match: '/\\.mcollective$/' } });
    // Every address of 127.0.0.0/8 is ours, so that machines at several addresses can be played.
    const config = { listen: ['mqtts://127.0.0.1:0'], security };
    broker = await startBroker(config, { log: recording.log, ...(verifyToken && { verifyToken }) });
  });
  after(async () => {
    await broker.close();
    pki.remove();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.drop();
    await until('everybody is gone', () => broker.stats().clients === 0);
    lines.length = 0;
  });

  function token(
    options: { collective?: string; ttlSeconds?: number; by?: Identity; names?: string } = {},
  ): Promise<string> {
    const { collective = 'provisioning', ttlSeconds = 60, by = issuer, names } = options;
    const certificate = new X509Certificate(by.cert);
    const claims = {
      iss: certificate.subject.slice('CN='.length),
      collective,
      brokers: [broker.url],
      ca: pki.ca.certificatePem,
      callers: '/\\.mcollective$/',
      ttlSeconds,
      ...(names === undefined ? {} : { names }),
    };
    const chain = [certificate.raw.toString('base64')];
    return issueToken(claims, { key: createPrivateKey(by.key), chain });
  }
  const login = (name: string, password: string, clientId = name): IClientOptions => ({
    clientId,
    username: name,
    password,
    ca: pki.ca.certificatePem,
  });
  async function join(options: IClientOptions, address?: string): Promise<TestClient> {
    const client = await connect(broker.url, { ...options, ...(address && { localAddress: address }) });
    clients.push(client);
    return client;
  }
  const reason = () => lines.find(({ msg }) => msg === 'connection refused')?.reason;

  it('join the collective of their token', async () => {
    const machine = await join(login('new1.example.com', await token()));
    const caller = await join({ clientId: 'alice.mcollective', ca: pki.ca.certificatePem, ...issuer });
    expect(await machine.subscribe('mco/provisioning/node/new1.example.com')).to.equal(0);
    expect(await machine.subscribe('mco/provisioning/agent/provision')).to.equal(0);
    expect(await caller.subscribe('mco/provisioning/presence/#')).to.equal(0);
    await machine.publish('mco/provisioning/presence/new1.example.com', 'here', { qos: 1, retain: true });
    await caller.hears('here');
    await caller.publish('mco/provisioning/node/new1.example.com', 'hello');
    await machine.hears('hello');
  });

  for (const filter of [
    'mco/mcollective/agent/+',
    'mco/mcollective/node/new1.example.com',
    'mco/provisioning/node/new2.example.com',
    'mco/provisioning/presence/#',
    'mco/provisioning/reply/alice.mcollective/#',
    'mco/+/agent/provision',
    '#',
  ]) {
    it(`hear nothing on ${filter}`, async () => {
      const machine = await join(login('new1.example.com', await token()));
      expect(await machine.subscribe(filter)).to.equal(128);
      expect(machine.isClosed()).to.equal(false);
    });
  }

  for (const topic of [
    'mco/mcollective/presence/new1.example.com',
    'mco/mcollective/reply/alice.mcollective/s1/new1.example.com',
    'mco/provisioning/presence/new2.example.com',
    'mco/provisioning/agent/provision',
  ]) {
    it(`are disconnected when they publish to ${topic}`, async () => {
      const machine = await join(login('new1.example.com', await token()));
      await machine.publish(topic, 'x');
      await machine.closed();
      expect(lines.find(({ msg }) => msg === 'publish denied')).to.include({ topic, role: 'enrolling' });
    });
  }

  it('are refused with a token for another collective', async () => {
    const options = login('new1.example.com', await token({ collective: 'mcollective' }));
    expect(await refusal(broker.url, options)).to.equal(4);
    expect(reason()).to.include('the token is for the collective "mcollective"');
  });

  it('are refused under a name that their token is not for', async () => {
    const limited = await token({ names: '/^web/' });
    expect(await refusal(broker.url, login('new1.example.com', limited))).to.equal(4);
    expect(reason()).to.include('only for names that match /^web/');
    await join(login('web1.example.com', limited));
  });

  it('connect with the receipt of a provisioner, under its name alone', async () => {
    const chain = [new X509Certificate(issuer.cert).raw.toString('base64')];
    const receipt = await issueReceipt(
      {
        iss: 'alice.mcollective',
        name: 'new1.example.com',
        key: 'ab'.repeat(32),
        collective: 'provisioning',
        callers: '/x/',
        token: 't1',
        ttlSeconds: 60,
      },
      { key: createPrivateKey(issuer.key), chain },
    );
    await join(login('new1.example.com', receipt));
    expect(await refusal(broker.url, login('new2.example.com', receipt))).to.equal(4);
    expect(reason()).to.include('it is for the name new1.example.com');
  });

  it('are refused with a token that expired', async () => {
    expect(await refusal(broker.url, login('new1.example.com', await token({ ttlSeconds: -10 })))).to.equal(
      4,
    );
    expect(reason()).to.include('expired');
  });

  it('are refused with a token that was altered, and the log does not have it', async () => {
    const good = await token();
    const [header, claims, signature] = good.split('.');
    const altered = [header, Buffer.from(`${claims}x`).toString('base64url'), signature].join('.');
    expect(await refusal(broker.url, login('new1.example.com', altered))).to.equal(4);
    expect(await refusal(broker.url, login('new1.example.com', 'nonsense'))).to.equal(4);
    expect(JSON.stringify(lines)).not.to.include(signature).and.not.to.include('nonsense');
  });

  it("are refused with a token that a node's certificate signed", async () => {
    const by = pki.issue('n1.example.com');
    expect(await refusal(broker.url, login('new1.example.com', await token({ by })))).to.equal(4);
    expect(reason()).to.include('is not allowed to issue tokens');
  });

  it('are refused once the issuer of their token is revoked, without a restart', async () => {
    const by = pki.issue('mallory.mcollective');
    const options = login('new1.example.com', await token({ by }));
    expect(await refusal(broker.url, options)).to.equal(0);
    pki.revoke(by);
    expect(await refusal(broker.url, options)).to.equal(4);
    expect(reason()).to.include('revoked');
  });

  it('are refused under a client id or a name that cannot be theirs', async () => {
    const good = await token();
    expect(await refusal(broker.url, login('new1.example.com', good, 'new2.example.com'))).to.equal(5);
    expect(await refusal(broker.url, login('New1/+', good, 'New1/+'))).to.equal(5);
  });

  it('cannot push off a node by taking its name', async () => {
    const node = await join({
      clientId: 'n1.example.com',
      ca: pki.ca.certificatePem,
      ...pki.issue('n1.example.com'),
    });
    const impostor = await join(login('n1.example.com', await token()));
    expect(await node.subscribe('mco/mcollective/node/n1.example.com')).to.equal(0);
    expect(await impostor.subscribe('mco/mcollective/node/n1.example.com')).to.equal(128);
    expect([node.isClosed(), impostor.isClosed()]).to.eql([false, false]);
  });

  it('cannot take the name of another one at another address while that is connected', async () => {
    const password = await token();
    const first = await join(login('new1.example.com', password), '127.0.0.1');
    const elsewhere = {
      ...login('new1.example.com', password, 'new1.example.com:2'),
      localAddress: '127.0.0.2',
    };
    expect(await refusal(broker.url, elsewhere)).to.equal(5);
    expect(reason()).to.include('in use');
    expect(first.isClosed()).to.equal(false);
    await first.end();
    await until('the name is free', () => broker.stats().clients === 0);
    expect(await refusal(broker.url, elsewhere)).to.equal(0);
  });

  it('come back at once at the same address when their connection broke', async () => {
    const password = await token();
    const first = await join(login('new1.example.com', password));
    await join(login('new1.example.com', password));
    await first.closed();
  });
});
