import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { callerTrust, otherAuthorities } from '../../src/security/caller-authority.js';
import { checkPurpose } from '../../src/security/path-constraints.js';
import { TrustStore } from '../../src/security/trust.js';
import { needOpenssl } from '../pki/openssl.js';
import { OpensslPki } from './openssl-pki.js';

// The sources, as tsc copies no PEM files.
const folder = new URL('../../../test/fixtures/puppet/', import.meta.url);
const chainOf = (pem: string) => [new X509Certificate(pem).raw.toString('base64')];

// Made by Puppet Server 7.9.5 and 8.7.0, with an intermediate CA and a root as "puppetserver ca setup" makes them.
for (const version of [7, 8]) {
  describe(`certificates of Puppet ${version}`, () => {
    const text = (name: string) => readFileSync(new URL(`${version}/${name}.pem`, folder), 'utf8');
    const now = Date.parse('2027-01-01T00:00:00Z');

    it('are accepted for nodes, for callers and for the server itself', () => {
      const store = new TrustStore({ ca: text('ca'), crl: text('crl') });
      for (const name of ['web1.lab', 'rip.mcollective']) {
        expect(store.check(chainOf(text(name)), now).name).to.equal(name);
        expect(callerTrust(store).check(chainOf(text(name)), now).name).to.equal(name);
      }
      expect(store.check(chainOf(text('master')), now).name).to.match(/\.lab$/);
      checkPurpose(new X509Certificate(text('master')), 'serverAuth');
    });

    it('are those of one CA, although its file has two certificates', () => {
      expect(otherAuthorities(new TrustStore({ ca: text('ca') }))).to.eql([]);
    });
  });
}

// Modelled on the profile of those versions, with openssl: one self-signed CA, and the extensions that they write.
describe('certificates as Puppet 4 to 6 make them', function () {
  this.timeout(30_000);
  let pki: OpensslPki;
  const comment = 'nsComment="Puppet Ruby/OpenSSL Internal Certificate"';
  before(function () {
    needOpenssl(this);
    pki = new OpensslPki();
    pki.ca('puppet-ca', {
      kind: 'RSA',
      subject: '/CN=Puppet CA: puppet.lab',
      extensions: [
        'basicConstraints=critical,CA:TRUE',
        'keyUsage=critical,cRLSign,keyCertSign',
        'subjectKeyIdentifier=hash',
        comment,
      ],
    });
  });
  after(() => pki?.remove());

  for (const [what, usage] of [
    ['with an extended key usage', ['extendedKeyUsage=critical,serverAuth,clientAuth']],
    ['without extended key usage', []],
  ] as const) {
    it(`are accepted ${what}`, () => {
      pki.issue('web1.lab', {
        by: 'puppet-ca',
        kind: 'RSA',
        extensions: [
          comment,
          'authorityKeyIdentifier=keyid:always',
          'basicConstraints=critical,CA:FALSE',
          'keyUsage=critical,digitalSignature,keyEncipherment',
          'subjectKeyIdentifier=hash',
          'subjectAltName=DNS:puppet,DNS:web1.lab',
          ...usage,
        ],
      });
      const store = new TrustStore({ ca: pki.text('puppet-ca.pem') });
      expect(callerTrust(store).check(chainOf(pki.text('web1.lab.pem'))).name).to.equal('web1.lab');
    });
  }
});
