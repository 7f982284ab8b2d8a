import { X509Certificate } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { movedClock } from '@troupe/test-support';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { SecurityConfig } from '../../src/config/sections.js';
import { createLogger } from '../../src/log/logger.js';
import { open, seal } from '../../src/message/envelope.js';
import { clientSecurity, loadOwn, nodeSecurity } from '../../src/security/modes.js';
import { TrustStore } from '../../src/security/trust.js';
import { needOpenssl } from '../pki/openssl.js';
import { type KeyKind, keyKinds, OpensslPki } from './openssl-pki.js';

describe('certificates that openssl made', function () {
  this.timeout(30_000);
  let pki: OpensslPki;
  const broker = { urls: ['mqtts://b:8883'], keepalive: 30 };

  before(function () {
    needOpenssl(this);
    pki = new OpensslPki();
    for (const kind of Object.keys(keyKinds) as KeyKind[]) pki.ca(`root-${kind}`, { kind });
    pki.ca('other');
  });
  after(() => pki?.remove());

  let clock: ReturnType<typeof movedClock>;
  beforeEach(() => {
    clock = movedClock();
  });
  afterEach(() => clock.restore());
  /** Until the files are looked at again. */
  const nextLook = () => clock.forward(1000);

  const config = (name: string, ca: string, crl?: string): SecurityConfig => ({
    mode: 'x509',
    ca: pki.file(ca),
    certificate: pki.file(`${name}.pem`),
    key: pki.file(`${name}.key`),
    callers: { match: '/\\.mcollective$/' },
    tokens: {},
    minimum_protocol: 1,
    ...(crl === undefined ? {} : { crl: pki.file(crl) }),
  });
  const node = (name: string, ca: string, crl?: string) =>
    nodeSecurity({ config: config(name, ca, crl), broker, identity: name, stateDir: pki.folder });
  const client = (name: string, ca: string) => clientSecurity({ config: config(name, ca), broker, name });
  const chainOf = (...names: string[]) => {
    pki.write('bundle.pem', names.map((name) => pki.text(`${name}.pem`)).join(''));
    return loadOwn({ certificate: pki.file('bundle.pem'), key: pki.file(`${names[0]}.key`) }).chain;
  };
  const check = (ca: string, chain: readonly string[], crl = '') =>
    new TrustStore({ ca: pki.text(`${ca}.pem`), crl }).check(chain);

  for (const kind of Object.keys(keyKinds) as KeyKind[]) {
    it(`of kind ${kind} sign requests and replies, and are revoked`, async () => {
      const [caller, web] = [`c-${kind.toLowerCase()}.mcollective`, `w-${kind.toLowerCase()}.lab`];
      const ca = `root-${kind}`;
      for (const name of [caller, web]) pki.issue(name, { by: ca, kind });
      const [asker, answerer] = [client(caller, `${ca}.pem`), node(web, `${ca}.pem`)];
      const request = await open(await seal({ a: 1 }, asker.signer), answerer.verifier);
      expect(request.proof.name).to.equal(caller);
      const reply = await open(await seal({ b: 2 }, answerer.signer), asker.verifier);
      expect(reply.proof.name).to.equal(web);
      const crl = pki.crl(ca, [web]);
      expect(() => check(ca, chainOf(web), crl)).to.throw(`"${web}" is revoked`);
    });
  }

  it('chain over an intermediate, which may be revoked or have too many below it', () => {
    pki.ca('middle', {
      by: 'root-RSA',
      kind: 'RSA',
      extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign,cRLSign'],
    });
    pki.issue('leaf.lab', { by: 'middle' });
    const chain = chainOf('leaf.lab', 'middle');
    expect(check('root-RSA', chain).name).to.equal('leaf.lab');
    expect(() => check('root-RSA', chain.slice(0, 1))).to.throw('not signed by a trusted CA');
    const crl = pki.crl('root-RSA', ['middle']);
    expect(() => check('root-RSA', chain, crl)).to.throw('"middle" is revoked');
    const needing = { ca: pki.text('root-RSA.pem'), crl: pki.crl('root-RSA', []), needsLists: true };
    expect(() => new TrustStore(needing).check(chain)).to.throw('no revocation list for the CA "CN=middle"');
    // Puppet's CA file holds the intermediate as well: its revocation must not be forgotten for that.
    const both = pki.text('middle.pem') + pki.text('root-RSA.pem');
    expect(new TrustStore({ ca: both }).check(chain.slice(0, 1)).name).to.equal('leaf.lab');
    expect(() => new TrustStore({ ca: both, crl }).check(chain.slice(0, 1))).to.throw('"middle" is revoked');
    expect(new TrustStore({ ca: pki.text('middle.pem') }).check(chain).name).to.equal('leaf.lab');
    pki.ca('below', { by: 'middle' });
    pki.issue('deep.lab', { by: 'below' });
    expect(() => check('root-RSA', chainOf('deep.lab', 'below', 'middle'))).to.throw('allows 0 CAs below it');
  });

  for (const [what, extensions, message] of [
    [
      'a constraint that is not supported',
      ['policyConstraints=critical,requireExplicitPolicy:0'],
      'critical extension 2.5.29.36',
    ],
    [
      'another use than signatures',
      ['keyUsage=critical,keyEncipherment'],
      'not valid for digital signatures',
    ],
  ] as const) {
    it(`with ${what} are refused`, () => {
      pki.issue('odd.lab', { by: 'root-RSA', kind: 'RSA', extensions });
      const chain = [new X509Certificate(pki.text('odd.lab.pem')).raw.toString('base64')];
      expect(() => check('root-RSA', chain)).to.throw(message);
    });
  }

  it('that cannot sign messages are not loaded, so that the error comes before the first message', () => {
    pki.issue('mail.lab', { by: 'root-RSA', extensions: ['extendedKeyUsage=emailProtection'] });
    expect(() => loadOwn({ certificate: pki.file('mail.lab.pem'), key: pki.file('mail.lab.key') }))
      .to.throw('the certificate "CN=mail.lab" is not valid for clientAuth')
      .with.property('code', 'CERTIFICATE_INVALID');
  });

  it('of a caller from a second CA are refused by nodes until the configuration lists both CAs', async () => {
    pki.write('two.pem', pki.text('root-RSA.pem') + pki.text('other.pem'));
    pki.issue('second.mcollective', { by: 'other' });
    pki.issue('first.lab', { by: 'root-RSA', kind: 'RSA' });
    const caller = client('second.mcollective', 'other.pem');
    const listing = (authorities: string[]) =>
      nodeSecurity({
        config: { ...config('first.lab', 'two.pem'), callers: { match: '/mcollective$/', authorities } },
        broker,
        identity: 'first.lab',
        stateDir: pki.folder,
      });
    const sealed = await seal({ a: 1 }, caller.signer);
    const refused = await open(sealed, node('first.lab', 'two.pem').verifier).catch(
      (error: unknown) => error,
    );
    expect(refused).to.have.property('code', 'CALLER_DENIED');
    const { proof } = await open(sealed, listing(['root-RSA', 'other']).verifier);
    expect(proof.name).to.equal('second.mcollective');
  });

  it('of several CAs make a node log that callers are from the first one, and a client log nothing', () => {
    pki.write('two.pem', pki.text('root-RSA.pem') + pki.text('other.pem'));
    for (const name of ['warned.lab', 'quiet.mcollective']) pki.issue(name, { by: 'root-RSA', kind: 'RSA' });
    const lines: string[] = [];
    const log = createLogger({
      level: 'info',
      destination: { write: (line: string) => void lines.push(line) },
    });
    const given = (name: string) => ({ config: config(name, 'two.pem'), broker, log });
    clientSecurity({ ...given('quiet.mcollective'), name: 'quiet.mcollective' });
    expect(lines).to.eql([]);
    nodeSecurity({ ...given('warned.lab'), identity: 'warned.lab', stateDir: pki.folder });
    expect(lines.join('')).to.include('callers are accepted from the first one only');
  });

  it('of a CA that may not sign certificates are refused', () => {
    pki.ca('weak', {
      by: 'root-RSA',
      extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,cRLSign'],
    });
    pki.issue('under.lab', { by: 'weak' });
    expect(() => check('root-RSA', chainOf('under.lab', 'weak'))).to.throw('not signed by a trusted CA');
  });

  it('are taken when they are renewed on disk, with no restart', async () => {
    pki.issue('renewed.lab', { by: 'root-RSA', kind: 'RSA' });
    const security = node('renewed.lab', 'root-RSA.pem');
    const before = security.credentials.tls?.certificate;
    pki.issue('renewed.lab', { by: 'root-RSA', kind: 'RSA' });
    nextLook();
    expect(security.credentials.tls?.certificate).to.equal(pki.text('renewed.lab.pem')).and.not.equal(before);
    const verifier = client('c-rsa.mcollective', 'root-RSA.pem').verifier;
    expect((await open(await seal({}, security.signer), verifier)).proof.name).to.equal('renewed.lab');
    // Another name, or a key that does not fit yet: the old one stays.
    pki.write('renewed.lab.pem', pki.text('w-rsa.lab.pem'));
    nextLook();
    expect((await open(await seal({}, security.signer), verifier)).proof.name).to.equal('renewed.lab');
  });

  it('are refused from the moment that the revocation list names them', async () => {
    pki.write('live.crl', pki.crl('root-RSA', []));
    pki.issue('soon.mcollective', { by: 'root-RSA', kind: 'RSA' });
    const { verifier } = node('w-rsa.lab', 'root-RSA.pem', 'live.crl');
    const { signer } = client('soon.mcollective', 'root-RSA.pem');
    expect((await open(await seal({}, signer), verifier)).proof.name).to.equal('soon.mcollective');
    pki.write('live.crl', pki.crl('root-RSA', ['soon.mcollective']));
    nextLook();
    const refused = await seal({}, signer)
      .then((bytes) => open(bytes, verifier))
      .then(() => '', String);
    expect(refused).to.include('"soon.mcollective" is revoked');
    // A damaged list must not bring it back.
    pki.write('live.crl', 'nonsense');
    nextLook();
    expect(
      await seal({}, signer)
        .then((bytes) => open(bytes, verifier))
        .then(() => '', String),
    ).to.include('revoked');
  });

  it('need a revocation list of their CA, if one is configured', () => {
    pki.write('other.crl', pki.crl('other', []));
    expect(() => node('w-rsa.lab', 'root-RSA.pem', 'other.crl')).to.throw(
      'contains no revocation list of a CA in security.callers.ca',
    );
  });

  for (const [mode, message] of [
    [0o604, 'permissions too open, other users have access: chmod o='],
    [0o660, 'permissions too open, the group can write: chmod g-w'],
  ] as const) {
    it(`are not used with a private key of mode ${mode.toString(8)}`, () => {
      chmodSync(pki.file('w-rsa.lab.key'), mode);
      try {
        expect(() => node('w-rsa.lab', 'root-RSA.pem')).to.throw(message);
      } finally {
        chmodSync(pki.file('w-rsa.lab.key'), 0o600);
      }
    });
  }

  it("cannot be a node's and call", () => {
    expect(() => client('w-rsa.lab', 'root-RSA.pem')).to.throw('does not match security.callers.match');
  });
});
