import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { connectMqtt, silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Broker, startBroker } from '../../src/broker.js';
import { connect, refusal, type TestClient } from '../fixtures/client.js';
import { type LogLine, recordingLogger } from '../fixtures/log.js';
import { type Identity, Pki } from '../fixtures/pki.js';
import { until } from '../fixtures/wait.js';

describe('clients with certificates', function () {
  this.timeout(20_000);
  let pki: Pki;
  let foreign: Pki;
  let broker: Broker;
  let lines: LogLine[];
  const clients: TestClient[] = [];

  before(async () => {
    pki = await Pki.create();
    foreign = await Pki.create('other-ca.example.com');
  });
  after(() => {
    pki.remove();
    foreign.remove();
  });

  async function start(
    security: { ca?: string; crl?: string; callers?: { ca?: string; authorities?: string[] } } = {
      crl: pki.crlFile,
    },
  ): Promise<void> {
    const recording = recordingLogger();
    lines = recording.lines;
    const config = { listen: ['mqtts://127.0.0.1:0'], security: { ...pki.server(), ...security } };
    broker = await startBroker(config, { log: recording.log });
  }
  beforeEach(() => start());
  afterEach(async () => {
    for (const client of clients.splice(0)) client.drop();
    await broker.close();
  });

  const tls = (identity?: Identity) => ({ ca: pki.ca.certificatePem, ...identity });
  async function join(name: string, identity = pki.issue(name), clientId = name): Promise<TestClient> {
    const client = await connect(broker.url, { clientId, ...tls(identity) });
    clients.push(client);
    return client;
  }
  const refused = () => lines.filter(({ msg }) => msg === 'connection refused');

  it('lets a request through to a node, and its reply back', async () => {
    const node = await join('n1.example.com');
    const caller = await join('alice.mcollective', pki.issue('alice.mcollective'), 'alice.mcollective:4711');
    expect(await node.subscribe('mco/mcollective/agent/+')).to.equal(0);
    expect(await caller.subscribe('mco/mcollective/reply/alice.mcollective/s1/#')).to.equal(0);
    await caller.publish('mco/mcollective/agent/rpcutil', 'who?');
    await node.hears('who?');
    await node.publish('mco/mcollective/reply/alice.mcollective/s1/n1.example.com', 'me');
    await caller.hears('me');
    expect(broker.stats()).to.include({ clients: 2, accepted: 2, refused: 0, published: 2 });
  });

  it("lets Troupe's own transport in, which tries MQTT 5 first, without a warning", async () => {
    const { cert, key } = pki.issue('n1.example.com');
    const transport = await connectMqtt({
      urls: [broker.url],
      clientId: 'n1.example.com',
      credentials: { tls: { ca: [pki.ca.certificatePem], certificate: cert, key } },
      keepalive: 30,
      timeout: 5,
      log: silentLogger,
    });
    await transport.subscribe('mco/mcollective/agent/rpcutil', () => undefined);
    await transport.close();
    expect(lines.filter(({ level }) => Number(level) >= 40)).to.eql([]);
    expect(broker.stats()).to.include({ accepted: 1, refused: 0 });
  });

  for (const [title, clientId] of [
    ['of another node', 'n2.example.com'],
    ['that only begins like its name', 'n1.example.com.evil'],
    ['with a suffix of another node', 'n2.example.com:1'],
    ['that is empty', ''],
  ] as const) {
    it(`refuses a client id ${title}, and nobody is kicked`, async () => {
      const victim = await join('n2.example.com');
      const options = { clientId, clean: true, ...tls(pki.issue('n1.example.com')) };
      expect(await refusal(broker.url, options)).to.equal(5);
      expect(refused()[0]).to.include({ clientId });
      expect(refused()[0]?.reason).to.include('client id');
      expect(refused()[0]?.peer).to.match(/^127\.0\.0\.1:\d+$/);
      expect(victim.isClosed()).to.equal(false);
      expect(await victim.subscribe('mco/mcollective/node/n2.example.com')).to.equal(0);
    });
  }

  it('lets one name have several connections under suffixes', async () => {
    const identity = pki.issue('alice.mcollective');
    const first = await join('alice.mcollective', identity, 'alice.mcollective:1');
    await join('alice.mcollective', identity, 'alice.mcollective:2');
    expect(await first.subscribe('mco/mcollective/presence/#')).to.equal(0);
  });

  it('refuses a certificate of another CA, with the same name', async () => {
    const options = { clientId: 'n1.example.com', ...tls(foreign.issue('n1.example.com')) };
    expect(await refusal(broker.url, options)).to.equal(5);
    expect(refused()[0]?.reason).to.include('certificate "CN=n1.example.com" not accepted: UNABLE_TO_');
  });

  it('refuses a certificate that is over', async () => {
    const options = { clientId: 'n1.example.com', ...tls(pki.issue('n1.example.com', { days: -1 })) };
    expect(await refusal(broker.url, options)).to.equal(5);
    expect(refused()[0]?.reason).to.include('CERT_HAS_EXPIRED');
  });

  it('refuses a certificate whose name is no identity', async () => {
    const options = { clientId: 'N1', ...tls(pki.issue('N1 +/#')) };
    expect(await refusal(broker.url, options)).to.equal(5);
    expect(refused()[0]?.reason).to.match(
      /^the common name of the certificate is not a valid identity: "N1 \+\/#"; .*: request a certificate for such a name$/,
    );
  });

  it('refuses somebody with neither certificate nor token', async () => {
    expect(await refusal(broker.url, { clientId: 'n1.example.com', ...tls() })).to.equal(5);
    expect(refused()[0]?.reason).to.equal('neither a certificate nor an enrolment token was presented');
  });

  it('refuses a token where it takes none', async () => {
    const options = { clientId: 'n1', username: 'n1', password: 'a-token', ...tls() };
    expect(await refusal(broker.url, options)).to.equal(5);
    expect(JSON.stringify(lines)).not.to.include('a-token');
  });

  it('refuses a revoked certificate, and lets the others in', async () => {
    const revoked = pki.issue('n3.example.com');
    pki.revoke(revoked);
    broker.reload();
    expect(await refusal(broker.url, { clientId: 'n3.example.com', ...tls(revoked) })).to.equal(5);
    expect(refused()[0]?.reason).to.equal('the certificate "n3.example.com" is revoked');
    await join('n1.example.com');
  });

  it('uses a revocation list that has expired: lets clients in, refuses those on it, and warns', async () => {
    const revoked = pki.issue('n7.example.com');
    pki.revoke(revoked, { days: -1 });
    try {
      broker.reload();
      await join('n1.example.com');
      expect(await refusal(broker.url, { clientId: 'n7.example.com', ...tls(revoked) })).to.equal(5);
      expect(refused()[0]?.reason).to.equal('the certificate "n7.example.com" is revoked');
      const warning = lines.find(({ msg }) => msg.startsWith('the revocation list (CRL) of ca.example.com'));
      expect(warning?.msg).to.include('stays in use');
      expect(warning?.level).to.equal(40);
    } finally {
      pki.revoke(pki.issue('n5.example.com'));
    }
  });

  it('names the address of a client whose TLS handshake failed', async () => {
    const socket = connectTcp(address(broker));
    await once(socket, 'connect');
    const peer = `127.0.0.1:${socket.localPort}`;
    socket.resetAndDestroy();
    const line = await until('a line in the log', () =>
      lines.find(({ msg }) => msg.includes('TLS handshake failed')),
    );
    expect(line.peer).to.equal(peer);
  });

  it('sees by itself that the revocation list changed, and disconnects who is revoked', async () => {
    const identity = pki.issue('n4.example.com');
    const client = await join('n4.example.com', identity);
    const other = await join('n1.example.com');
    pki.revoke(identity);
    await client.closed();
    expect(other.isClosed()).to.equal(false);
    expect(lines.find(({ msg }) => msg.includes('no longer valid'))).to.include({
      name: 'n4.example.com',
      reason: 'the certificate "n4.example.com" is revoked',
    });
    expect(await refusal(broker.url, { clientId: 'n4.example.com', ...tls(identity) })).to.equal(5);
  });

  it('keeps the old files when the new ones are at fault', async () => {
    pki.file('crl.pem', 'not a list');
    try {
      expect(() => broker.reload())
        .to.throw('security.crl: ')
        .with.property('code', 'CERTIFICATE_INVALID');
      expect(broker.stats().outdated).to.equal(1);
      await join('n1.example.com');
    } finally {
      pki.revoke(pki.issue('n5.example.com'));
    }
    broker.reload();
    expect(broker.stats().outdated).to.equal(0);
  });

  it('shows its new certificate after a reload', async () => {
    const serialOf = async () => {
      const socket = connectTls({ ...address(broker), ...tls() });
      await once(socket, 'secureConnect');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const old = await serialOf();
    pki.server();
    broker.reload();
    expect(await serialOf()).not.to.equal(old);
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`resumes no session, so that a revoked client cannot come back by one (${maxVersion})`, async () => {
      const options: ConnectionOptions = {
        ...address(broker),
        ...tls(pki.issue('n6.example.com')),
        maxVersion,
      };
      const sessions: Buffer[] = [];
      const first = connectTls(options);
      first.on('session', (session) => sessions.push(session));
      await once(first, 'secureConnect');
      const own = first.getSession();
      // What answers comes after the tickets, if there are any.
      first.write(connectPacket('n6.example.com'));
      await once(first, 'data');
      first.destroy();
      for (const session of [...sessions, ...(own ? [own] : [])]) {
        const second = connectTls({ ...options, session });
        await once(second, 'secureConnect');
        expect(second.isSessionReused()).to.equal(false);
        second.destroy();
      }
    });
  }

  it('speaks no TLS older than 1.2', async () => {
    const socket = connectTls({
      ...address(broker),
      ...tls(pki.issue('n1.example.com')),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await once(socket, 'error');
    const line = await until('a line in the log', () =>
      lines.find(({ msg }) => msg.includes('TLS handshake failed')),
    );
    expect(line.peer).to.match(/^127\.0\.0\.1:[1-9]/);
    expect(line.reason).to.include('unsupported protocol');
  });

  describe('with two CAs for nodes', () => {
    const both = () => {
      const file = pki.file('both.pem', pki.ca.certificatePem + foreign.ca.certificatePem);
      return { ca: file };
    };
    const alice = () => ({
      clientId: 'alice.mcollective',
      ...tls(foreign.issue('alice.mcollective')),
    });

    it('takes nodes of both, and callers of the first only', async () => {
      await broker.close();
      await start(both());
      await join('n2.example.com', foreign.issue('n2.example.com'));
      await join('alice.mcollective');
      expect(await refusal(broker.url, alice())).to.equal(5);
      expect(refused()[0]?.reason).to.include('list them in security.callers.authorities');
    });

    it('takes callers of both if the configuration lists both', async () => {
      await broker.close();
      const authorities = [pki.ca, foreign.ca].map(
        ({ certificatePem }) => new X509Certificate(certificatePem).fingerprint256,
      );
      await start({ ...both(), callers: { authorities } });
      await join('alice.mcollective', foreign.issue('alice.mcollective'));
      await join('bob.mcollective');
    });
  });

  describe('with a CA of callers', () => {
    beforeEach(async () => {
      await broker.close();
      await start({ callers: { ca: foreign.caFile } });
    });

    it("believes a caller's name from that CA only", async () => {
      const own = { clientId: 'alice.mcollective', ...tls(pki.issue('alice.mcollective')) };
      expect(await refusal(broker.url, own)).to.equal(5);
      expect(refused()[0]?.reason).to.include('not from a CA in security.callers.ca');
      await join('alice.mcollective', foreign.issue('alice.mcollective'));
    });

    it('is not fooled by a certificate of that CA sent along', async () => {
      const { cert, key } = pki.issue('alice.mcollective');
      const chain = `${cert}${foreign.ca.certificatePem}`;
      const options = { clientId: 'alice.mcollective', ...tls({ cert: chain, key }) };
      expect(await refusal(broker.url, options)).to.equal(5);
    });
  });
});

function address({ url }: Broker): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

// [MQTT-3.1]: version 3.1.1, a clean session, keep-alive 60 s.
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const head = [0x10, 12 + id.length, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 60, 0, id.length];
  return Buffer.concat([Buffer.from(head), id]);
}
