import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { createCrl } from '../../src/pki/index.js';
import { TrustStore, trustStore } from '../../src/security/trust.js';
import { fixture } from './pki-fixture.js';

describe('TrustStore', () => {
  let pki: Awaited<ReturnType<typeof fixture>>;
  let web: Awaited<ReturnType<typeof pki.issue>>;

  before(async () => {
    pki = await fixture();
    web = await pki.issue('web1.lab');
  });

  it('believes a certificate of its CA and says its name', () => {
    expect(new TrustStore({ ca: pki.ca.certificatePem }).check(web.chain).name).to.equal('web1.lab');
  });

  it('does not believe one of another CA with the same name', async () => {
    const other = await fixture();
    const rogue = await other.issue('web1.lab');
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    expect(() => store.check(rogue.chain)).to.throw('"web1.lab" is not from a trusted CA');
    const withTheirRoot = [
      ...rogue.chain,
      new X509Certificate(other.ca.certificatePem).raw.toString('base64'),
    ];
    expect(() => store.check(withTheirRoot)).to.throw('is not from a trusted CA');
  });

  it('is shared by those who believe the same, and by nobody else', async () => {
    const ca = pki.ca.certificatePem;
    const crl = createCrl({ ca: pki.ca, number: 1, revoked: [] });
    const store = trustStore({ ca });
    expect(trustStore({ ca })).to.equal(store);
    expect(trustStore({ ca, crl })).to.not.equal(store);
    expect(trustStore({ ca: (await fixture()).ca.certificatePem })).to.not.equal(store);
    expect(() => trustStore({ ca: 'nothing' })).to.throw('holds no certificate');
  });

  it('does not let a node be a CA', async () => {
    const { key: _key, keyPem, certificatePem } = web;
    const { issueCertificate, generateKeyPair } = await import('../../src/pki/index.js');
    const forged = issueCertificate({
      ca: { certificatePem, privateKeyPem: keyPem },
      commonName: 'admin.mcollective',
      publicKeyPem: (await generateKeyPair()).publicKeyPem,
    });
    const chain = [new X509Certificate(forged).raw.toString('base64'), ...web.chain];
    expect(() => new TrustStore({ ca: pki.ca.certificatePem }).check(chain)).to.throw(
      'is not from a trusted CA',
    );
  });

  it('refuses an expired certificate, also when it was good a moment ago', () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    store.check(web.chain);
    const later = Date.parse(new X509Certificate(web.certificatePem).validTo) + 1000;
    expect(() => store.check(web.chain, later)).to.throw('"web1.lab" expired');
  });

  it('refuses a revoked one', () => {
    const serial = new X509Certificate(web.certificatePem).serialNumber;
    const crl = createCrl({ ca: pki.ca, number: 2, revoked: [{ serial, date: new Date() }] });
    const store = new TrustStore({ ca: pki.ca.certificatePem, crl });
    expect(() => store.check(web.chain)).to.throw('"web1.lab" is revoked');
  });

  it('refuses a CRL that none of its CAs signed', async () => {
    const other = await fixture('Other CA');
    const crl = createCrl({ ca: other.ca, number: 1, revoked: [] });
    expect(() => new TrustStore({ ca: pki.ca.certificatePem, crl })).to.throw('not signed by any CA');
  });

  for (const [what, chain] of [
    ['no certificate', []],
    ['garbage', ['AAAA']],
    ['too many', ['a', 'b', 'c', 'd', 'e', 'f']],
  ] as const) {
    it(`refuses a chain with ${what}`, () => {
      expect(() => new TrustStore({ ca: pki.ca.certificatePem }).check(chain)).to.throw(/chain|certificate/);
    });
  }
});
