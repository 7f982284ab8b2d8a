import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { movedClock } from '@troupe/test-support';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { BrokerConfig, SecurityConfig } from '../../src/config/sections.js';
import { createLogger } from '../../src/log/logger.js';
import { open, seal } from '../../src/message/envelope.js';
import { createCrl } from '../../src/pki/index.js';
import { loadToken } from '../../src/security/enrolment.js';
import { envelopeType, headerOf } from '../../src/security/jws.js';
import { clientSecurity, loadOwn, nodeSecurity } from '../../src/security/modes.js';
import {
  createNewcomerAccount,
  type NewcomerAccountFile,
  readNewcomerAccount,
} from '../../src/security/newcomer-account.js';
import type { Own } from '../../src/security/own.js';
import type { Security } from '../../src/security/security.js';
import { issueToken, readToken } from '../../src/security/token.js';
import type { TokenClaims } from '../../src/security/token-claims.js';
import { isLoopback } from '../../src/transport/url.js';
import { fixture } from './pki-fixture.js';

const local: BrokerConfig = { urls: ['mqtt://127.0.0.1:1883', 'mqtt://localhost'], keepalive: 30 };
const remote: BrokerConfig = { urls: ['mqtts://broker.lab:8883'], keepalive: 30 };
const callers = { match: '/\\.mcollective$/' };
const none: SecurityConfig = { mode: 'none', callers, tokens: {}, minimum_protocol: 1 };

const headerFrom = async (
  security: Security,
  ...protection: Parameters<Security['signer']['sign']> extends [unknown, ...infer Rest] ? Rest : never
) => headerOf(await security.signer.sign(Buffer.from('{}'), ...protection), envelopeType);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was refused',
    (error: Error) => error.message,
  );

describe('isLoopback', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
    it(`is true of ${host}`, () => {
      expect(isLoopback(`mqtt://${host}:1883`)).to.equal(true);
    });
  for (const host of [
    'localhost.lab',
    '127.0.0.1.lab',
    '10.0.0.1',
    '[::2]',
    'x127.0.0.1',
    '0.0.0.0',
    '1270.0.0.1',
  ])
    it(`is not true of ${host}`, () => {
      expect(isLoopback(`mqtt://${host}:1883`)).to.equal(false);
    });
});

describe('the modes of security', () => {
  let folder: string;
  let nodes: Awaited<ReturnType<typeof fixture>>;
  let people: Awaited<ReturnType<typeof fixture>>;
  let web1: Own;
  let alice: Own;
  let bob: Own;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-modes-'));
    [nodes, people] = await Promise.all([fixture('CA of nodes'), fixture('CA of callers')]);
    [web1, alice, bob] = await Promise.all([
      nodes.issue('web1.lab'),
      nodes.issue('alice.mcollective'),
      people.issue('bob.mcollective'),
    ]);
    for (const { name, certificatePem, keyPem } of [web1, alice, bob]) {
      write(`${name}.pem`, certificatePem);
      write(`${name}.key`, keyPem);
    }
    write('nodes.pem', nodes.ca.certificatePem);
    write('callers.pem', people.ca.certificatePem);
  });
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string) => join(folder, name);
  function write(name: string, text: string): string {
    writeFileSync(file(name), text, { mode: 0o600 });
    return file(name);
  }
  const x509 = (name: string, more: Partial<SecurityConfig> = {}): SecurityConfig => ({
    mode: 'x509',
    ca: file('nodes.pem'),
    certificate: file(`${name}.pem`),
    key: file(`${name}.key`),
    callers,
    tokens: {},
    minimum_protocol: 1,
    ...more,
  });
  const node = (config: SecurityConfig, broker = remote, identity = 'web1.lab') =>
    nodeSecurity({ config, broker, identity, stateDir: folder });
  const client = (config: SecurityConfig, broker = remote, name = 'alice.mcollective') =>
    clientSecurity({ config, broker, name });
  const said = async (by: Security, to: Security) =>
    (await open(await seal({ a: 1 }, by.signer), to.verifier)).proof;

  describe('none', () => {
    it('accepts any author, and sends the broker no credentials', async () => {
      const [asked, asking] = [node(none, local), client(none, local)];
      expect(asked.signer.name).to.equal('web1.lab');
      expect(asking.signer.name).to.equal('alice.mcollective');
      for (const [by, to] of [
        [asked, asking],
        [asking, asked],
      ] as const)
        expect(await said(by, to)).to.include({ vouchedBy: 'nobody' });
      for (const security of [asked, asking]) {
        expect(security.credentials).to.deep.equal({});
        expect(security).to.not.have.any.keys('expires');
      }
    });

    it('is for a broker on this machine only', () => {
      const broker = { ...local, urls: [...local.urls, 'mqtt://10.0.0.1'] };
      for (const make of [node, client])
        expect(() => make(none, broker))
          .to.throw(
            'security.mode "none" is only allowed with a broker on this machine: mqtt://10.0.0.1 is not a loopback address',
          )
          .with.property('code', 'CONFIG_INVALID');
    });
  });

  describe('x509', () => {
    it('presents certificate and key to the broker, and trusts a broker of its CA', () => {
      const { credentials, expires, signer } = node(x509('web1.lab'));
      expect(credentials.tls).to.deep.equal({
        ca: [nodes.ca.certificatePem],
        certificate: web1.certificatePem,
        key: web1.keyPem,
      });
      expect(signer.name).to.equal('web1.lab');
      expect(expires?.()).to.equal(Date.parse(new X509Certificate(web1.certificatePem).validTo));
      const broker = { ...remote, ca: file('callers.pem') };
      expect(node(x509('web1.lab'), broker).credentials.tls?.ca).to.deep.equal([people.ca.certificatePem]);
      expect(client(x509('alice.mcollective')).credentials.tls?.certificate).to.equal(alice.certificatePem);
      expect(client(x509('alice.mcollective')).expires?.()).to.equal(
        Date.parse(new X509Certificate(alice.certificatePem).validTo),
      );
    });

    it('refuses to start a client whose certificate has expired or is not valid yet, before it connects', () => {
      const end = Date.parse(new X509Certificate(alice.certificatePem).validTo);
      const { now } = Date;
      try {
        for (const [time, words] of [
          [end + 1, `expired on ${new Date(end).toISOString()}: renew it`],
          [0, 'is not valid before '],
        ] as const) {
          Date.now = () => time;
          expect(() => client(x509('alice.mcollective')))
            .to.throw(words)
            .with.property('code', 'CERTIFICATE_INVALID');
        }
      } finally {
        Date.now = now;
      }
    });

    it('names the file that holds no usable key or certificate', () => {
      const junk = file('junk.pem');
      writeFileSync(junk, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', { mode: 0o600 });
      const sound = x509('alice.mcollective');
      expect(() => client({ ...sound, key: junk })).to.throw(`security.key: ${junk} is not a private key`);
      expect(() => client({ ...sound, certificate: junk })).to.throw(
        `security.certificate: ${junk} contains a damaged certificate`,
      );
    });

    it('explains a refusal by the broker: the certificate has expired, or is not valid yet', () => {
      const { credentials, expires = () => 0 } = client(x509('alice.mcollective'));
      const file = x509('alice.mcollective').certificate;
      expect(credentials.onRefusal).to.match(
        /^see the log of the broker for the reason; .*"alice\.mcollective"$/,
      );
      const { now } = Date;
      const end = expires();
      try {
        Date.now = () => end + 1;
        expect(credentials.onRefusal).to.equal(
          `the certificate ${file} expired on ${new Date(end).toISOString()}: renew it`,
        );
        Date.now = () => 0;
        expect(credentials.onRefusal).to.match(
          / is not valid before 2.*; the clock of this machine is at 1970-/,
        );
      } finally {
        Date.now = now;
      }
    });

    it('requires the certificate of its identity for a node, and of a caller for a client', () => {
      expect(() => node(x509('web1.lab'), remote, 'web2.lab'))
        .to.throw('identity is "web2.lab", but the name in the certificate is "web1.lab"')
        .with.property('code', 'CONFIG_INVALID');
      expect(() => client(x509('web1.lab')))
        .to.throw('the certificate name "web1.lab" does not match security.callers.match')
        .with.property('code', 'CALLER_DENIED');
    });

    for (const [key, message] of [
      ['ca', /^security.*ca is not set: set it to the path of the file$/],
      ['certificate', /^security\.certificate is not set: set it to the path of the file$/],
      ['key', /^security\.key is not set: set it to the path of the file$/],
    ] as const) {
      it(`needs the file of "${key}"`, () => {
        const { [key]: _, ...config } = x509('web1.lab');
        expect(() => node(config))
          .to.throw(message)
          .with.property('code', 'CONFIG_INVALID');
        const gone = file(`gone.${key}`);
        expect(() => node({ ...config, [key]: gone }))
          .to.throw(`cannot ${key === 'key' ? 'use' : 'read'} ${gone}: ENOENT`)
          .with.property('code', 'FILE_UNREADABLE');
      });
    }

    it('trusts callers of their own CA if one is configured, and nodes of theirs', async () => {
      const own = { callers: { ...callers, ca: file('callers.pem') } };
      const asked = node(x509('web1.lab', own));
      const asking = client(x509('bob.mcollective', own));
      expect((await said(asking, asked)).name).to.equal('bob.mcollective');
      expect((await said(asked, asking)).name).to.equal('web1.lab');
      expect(await refusal(said(client(x509('alice.mcollective')), asked))).to.include(
        'not signed by a trusted CA',
      );
      expect(await refusal(said(asking, node(x509('web1.lab'))))).to.include('not signed by a trusted CA');
    });

    it('signs, offers a key, or seals, as it is asked', async () => {
      const [asked, asking] = [node(x509('web1.lab')), client(x509('alice.mcollective'))];
      const bare = await headerFrom(asking);
      expect(bare).to.have.keys('alg', 'typ', 'x5c');
      expect(bare.x5c).to.deep.equal(alice.chain);
      const offering = await headerFrom(asking, { as: 'offering' });
      expect(offering).to.have.keys('alg', 'typ', 'x5c', 'epk');
      expect(offering.epk).to.deep.equal(asking.sessionKeys?.offer);
      expect(await headerFrom(asking, { as: 'offering', acknowledged: false })).to.deep.equal(offering);
      expect(await headerFrom(asking, { as: 'offering', acknowledged: true })).to.deep.equal({
        ...offering,
        met: true,
      });
      const { answer } = (await open(await seal({}, asking.signer, { as: 'offering' }), asked.verifier))
        .proof;
      const peer = answer?.peer;
      if (!peer) throw new Error('no peer');
      expect(peer.isAnswered).to.equal(false);
      await headerFrom(asked, { as: 'offering', peer });
      expect(peer.isAnswered).to.equal(true);
      expect(await headerFrom(asked, { as: 'sealed', peer })).to.deep.equal({
        alg: 'HS256',
        typ: envelopeType,
        kid: peer.kid,
      });
    });

    it('offers a new key when the previous one expires', async () => {
      const clock = movedClock();
      try {
        const asking = client(x509('alice.mcollective'));
        const { epk: first } = await headerFrom(asking, { as: 'offering' });
        clock.forward(12 * 3_600_000 + 1);
        const { epk: second } = await headerFrom(asking, { as: 'offering' });
        expect(second).to.not.deep.equal(first);
        expect(second).to.deep.equal(asking.sessionKeys?.offer);
      } finally {
        clock.restore();
      }
    });

    it('keeps a key for 12 hours as a caller, and for 24 as a node', () => {
      const clock = movedClock();
      try {
        for (const [security, hours] of [
          [client(x509('alice.mcollective')), 12],
          [node(x509('web1.lab')), 24],
        ] as const) {
          const first = security.sessionKeys?.offer;
          clock.forward(hours * 3_600_000 - 10_000);
          expect(security.sessionKeys?.offer).to.equal(first);
          clock.forward(20_000);
          expect(security.sessionKeys?.offer).to.not.equal(first);
        }
      } finally {
        clock.restore();
      }
    });

    it('uses a revocation list that has expired, and a client warns of it', async () => {
      const lines: string[] = [];
      const log = createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } });
      const { serialNumber: serial } = new X509Certificate(alice.certificatePem);
      const crl = write(
        'a.crl',
        createCrl({ ca: nodes.ca, number: 1, revoked: [{ serial, date: new Date(0) }], days: -1 }),
      );
      const node = nodeSecurity({
        config: x509('web1.lab', { crl }),
        broker: remote,
        identity: 'web1.lab',
        stateDir: folder,
      });
      expect(await refusal(said(client(x509('alice.mcollective')), node))).to.include(
        '"alice.mcollective" is revoked',
      );
      clientSecurity({ config: x509('bob.mcollective', { crl }), broker: remote, name: 'bob', log });
      expect(lines.join()).to.match(/the revocation list \(CRL\) of .* expired on .* and stays in use/);
    });

    it('accepts tokens of callers, by the configured ledger', async () => {
      const token = await issueToken(
        {
          iss: 'bob.mcollective',
          collective: 'provisioning',
          brokers: ['mqtts://b'],
          ca: people.ca.certificatePem,
          callers: callers.match,
          ttlSeconds: 60,
          uses: 1,
        },
        bob,
      );
      const enrolling = node({
        mode: 'token',
        token: write('one.token', token),
        callers,
        tokens: {},
        minimum_protocol: 1,
      });
      const own = { callers: { ...callers, ca: file('callers.pem') } };
      // Without a ledger of its own a client leaves the counting to the broker.
      expect(await said(enrolling, client(x509('bob.mcollective', own)))).to.include({
        vouchedBy: 'token',
        collective: 'provisioning',
      });
      expect(await refusal(said(enrolling, client(x509('alice.mcollective'))))).to.include(
        'not signed by a trusted CA',
      );
      const tokens = { ledger: file('ledger.jsonl'), revoked: write('revoked', '') };
      const counting = client(x509('bob.mcollective', { ...own, tokens }));
      await said(enrolling, counting);
      expect(readFileSync(file('ledger.jsonl'), 'utf8')).to.include(readToken(token).jti);
      write('revoked', `${readToken(token).jti}\n`);
      expect(await refusal(said(enrolling, counting))).to.include('it is revoked');
    });
  });

  it('gives nodes and clients client ids that others cannot guess', () => {
    const [first, second] = [node(x509('web1.lab')), node(x509('web1.lab'))].map(
      (each) => each.credentials.clientId,
    );
    expect(first).to.match(/^web1\.lab:[0-9a-f]{16}$/);
    expect(second).to.equal(first);
    const clients = [1, 2].map(() => client(x509('alice.mcollective')).credentials);
    expect(clients[0]?.clientId).to.match(/^alice\.mcollective:[0-9a-f]{16}$/);
    expect(clients[0]?.clientId).to.equal(clients[0]?.clientId).and.not.equal(clients[1]?.clientId);
  });

  describe('token', () => {
    let token: string;
    let state: string;
    const claimsOf = (more: Partial<TokenClaims> = {}) => ({
      iss: 'alice.mcollective',
      collective: 'provisioning',
      brokers: ['mqtts://b'],
      ca: nodes.ca.certificatePem,
      callers: callers.match,
      ttlSeconds: 60,
      ...more,
    });
    beforeEach(async () => {
      token = await issueToken(claimsOf(), alice);
      state = mkdtempSync(join(tmpdir(), 'troupe-state-'));
    });
    afterEach(() => rmSync(state, { recursive: true }));
    const enrolling = (): SecurityConfig => ({
      mode: 'token',
      token: write('a.token', `${token}\n`),
      callers,
      tokens: {},
      minimum_protocol: 1,
    });
    const start = () =>
      nodeSecurity({ config: enrolling(), broker: remote, identity: 'new.lab', stateDir: state });

    it('presents the token to the broker, and trusts the CA in it', async () => {
      const security = start();
      const { credentials } = security;
      expect(credentials).to.deep.include({
        tls: { ca: [nodes.ca.certificatePem] },
        username: 'new.lab',
        password: token,
      });
      expect(security.expires?.()).to.equal(readToken(token).exp * 1000);
      expect((await said(client(x509('alice.mcollective')), security)).name).to.equal('alice.mcollective');
      expect(await refusal(said(node(x509('web1.lab')), security))).to.equal(
        'the certificate name "web1.lab" does not match the callers pattern',
      );
    });

    it('shows the broker the account in the token instead of the token, under a client id of its own', async () => {
      const account = readNewcomerAccount(await createNewcomerAccount());
      const { certificate, key } = account;
      token = await issueToken(claimsOf({ account: { certificate, key } }), alice);
      const { credentials } = start();
      expect(credentials).to.deep.include({ tls: { ca: [nodes.ca.certificatePem], certificate, key } });
      expect(credentials).to.not.have.any.keys('username', 'password');
      expect(credentials.clientId).to.match(/^newcomers:new\.lab\.[0-9a-f]{16}$/);
      expect(start().credentials.clientId).to.equal(credentials.clientId);
      expect(credentials.onRefusal).to.include('the broker may not know the account "newcomers"');
      expect((await headerFrom(start())).token).to.equal(token);
    });

    it('refuses a token whose account is not usable', async () => {
      const [{ certificate }, { key }] = (await Promise.all(
        [1, 2].map(async () => readNewcomerAccount(await createNewcomerAccount())),
      )) as [NewcomerAccountFile, NewcomerAccountFile];
      token = await issueToken(claimsOf({ account: { certificate, key } }), alice);
      expect(start)
        .to.throw('the account of new machines is not usable: its key does not match its certificate')
        .with.property('code', 'CERTIFICATE_INVALID');
    });

    it('signs with its own key, kept over restarts, under the token', async () => {
      const first = await headerFrom(start());
      expect(first).to.have.keys('alg', 'typ', 'jwk', 'token');
      expect(first.token).to.equal(token);
      expect(first.jwk).to.have.keys('kty', 'crv', 'x');
      expect(statSync(join(state, 'enrolment.key')).mode & 0o777).to.equal(0o600);
      expect(await headerFrom(start())).to.deep.equal(first);
    });

    it('explains a refusal by the broker', () => {
      const { credentials } = start();
      expect(credentials.onRefusal).to.include(`the enrolment token ${readToken(token).jti} may be revoked`);
      const { now } = Date;
      const end = readToken(token).exp * 1000;
      try {
        Date.now = () => end;
        expect(credentials.onRefusal).to.include('may be revoked');
        Date.now = () => end + 1;
        expect(credentials.onRefusal).to.equal(
          `the enrolment token expired at ${new Date(end).toISOString()}`,
        );
        expect(() => loadToken(enrolling())).to.throw('the enrolment token expired at');
      } finally {
        Date.now = now;
      }
      expect(loadToken(enrolling())).to.deep.equal({ token, claims: readToken(token) });
    });

    it('is for nodes only', () => {
      expect(() => client(enrolling()))
        .to.throw('security.mode: token is only for nodes; a client needs a certificate (mode x509)')
        .with.property('code', 'CONFIG_INVALID');
    });
  });
});

describe('loadOwn', () => {
  let folder: string;
  let one: Own;
  let two: Own;
  let caPem: string;
  before(async () => {
    const pki = await fixture();
    caPem = pki.ca.certificatePem;
    [one, two] = await Promise.all([pki.issue('web1.lab'), pki.issue('web2.lab')]);
    folder = mkdtempSync(join(tmpdir(), 'troupe-own-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function load(certificatePem: string, keyPem: string, mode = 0o600): Own {
    const files = { certificate: join(folder, 'a.pem'), key: join(folder, 'a.key') };
    rmSync(files.key, { force: true });
    writeFileSync(files.certificate, certificatePem);
    writeFileSync(files.key, keyPem, { mode });
    return loadOwn(files);
  }

  it('reads a certificate with its key, and the chain behind it', () => {
    const own = load(`${one.certificatePem}\n${caPem}`, one.keyPem);
    expect(own).to.deep.include({ name: 'web1.lab', keyPem: one.keyPem });
    expect(own.chain).to.deep.equal([...one.chain, new X509Certificate(caPem).raw.toString('base64')]);
  });

  it('refuses a key of another certificate, and a file without one', () => {
    expect(() => load(one.certificatePem, two.keyPem))
      .to.throw(/^the key .*a\.key does not match the certificate .*a\.pem$/)
      .with.property('code', 'CERTIFICATE_INVALID');
    expect(() => load('nothing', one.keyPem))
      .to.throw(/^security\.certificate: .*a\.pem contains no certificate$/)
      .with.property('code', 'CERTIFICATE_INVALID');
  });

  it('leaves no file open', () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    load(one.certificatePem, one.keyPem);
    expect(() => load(one.certificatePem, one.keyPem, 0o604)).to.throw('permissions too open');
    expect(open()).to.equal(before);
  });

  for (const mode of [0o600, 0o400, 0o640, 0o650]) {
    it(`uses a key of mode ${mode.toString(8)}`, () => {
      expect(load(one.certificatePem, one.keyPem, mode).name).to.equal('web1.lab');
    });
  }

  for (const [mode, message] of [
    [0o604, 'permissions too open, other users have access: chmod o='],
    [0o602, 'permissions too open, other users have access: chmod o='],
    [0o601, 'permissions too open, other users have access: chmod o='],
    [0o620, 'permissions too open, the group can write: chmod g-w'],
  ] as const) {
    it(`does not use a key of mode ${mode.toString(8)}`, () => {
      const mask = process.umask(0);
      try {
        expect(() => load(one.certificatePem, one.keyPem, mode))
          .to.throw(`security.key: cannot use ${join(folder, 'a.key')}: ${message}`)
          .with.property('code', 'FILE_UNREADABLE');
      } finally {
        process.umask(mask);
      }
    });
  }
});
