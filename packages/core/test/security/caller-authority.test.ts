import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { callerTrust, otherAuthorities } from '../../src/security/caller-authority.js';
import { TrustStore } from '../../src/security/trust.js';
import { needOpenssl } from '../pki/openssl.js';
import { OpensslPki } from './openssl-pki.js';

describe('callerTrust', function () {
  this.timeout(30_000);
  let pki: OpensslPki;
  const derOf = (name: string) => new X509Certificate(pki.text(`${name}.pem`)).raw.toString('base64');
  const storeOf = (...names: string[]) =>
    new TrustStore({ ca: names.map((name) => pki.text(`${name}.pem`)).join('') });
  const issueRip = (by: string) => {
    pki.issue('rip.mcollective', { by });
    return [derOf('rip.mcollective')];
  };
  let [ofOld, ofNew, ofOther]: string[][] = [];

  before(function () {
    needOpenssl(this);
    pki = new OpensslPki();
    for (const name of ['old', 'new', 'other']) pki.ca(name);
    pki.ca('new-by-old', { by: 'old', of: 'new', subject: '/CN=new' });
    ofOld = issueRip('old');
    ofNew = issueRip('new');
    ofOther = issueRip('other');
  });
  after(() => pki?.remove());

  it('accepts a caller of the first CA, and refuses the same name from a second one', () => {
    const trust = callerTrust(storeOf('old', 'other'));
    expect(trust.check(ofOld ?? []).name).to.equal('rip.mcollective');
    expect(() => trust.check(ofOther ?? []))
      .to.throw(
        /^the certificate "rip\.mcollective" is from the CA "other" \(SHA-256 [0-9a-f]{64}\), but callers are from the CA "old" \(SHA-256 [0-9a-f]{64}\): if both may name callers, list them in security\.callers\.authorities$/,
      )
      .with.property('code', 'CALLER_DENIED');
  });

  it('refuses what is not signed by any CA with the reason of the store', () => {
    expect(() => callerTrust(storeOf('old')).check(ofOther ?? [])).to.throw('is not signed by a trusted CA');
  });

  it('counts CAs that the configuration lists as one, by name or fingerprint', () => {
    const { fingerprint256 } = new X509Certificate(pki.text('new.pem'));
    const trust = callerTrust(storeOf('other', 'old', 'new'), ['old', fingerprint256]);
    for (const chain of [ofOld, ofNew]) expect(trust.check(chain ?? []).name).to.equal('rip.mcollective');
    expect(() => trust.check(ofOther ?? [])).to.throw('callers are from the CA "old"');
  });

  it('counts a CA and the certificate that its successor has from it as one, without configuration', () => {
    const trust = callerTrust(storeOf('old', 'other', 'new', 'new-by-old'));
    for (const chain of [ofOld, ofNew]) expect(trust.check(chain ?? []).name).to.equal('rip.mcollective');
    expect(() => trust.check(ofOther ?? [])).to.throw('is from the CA "other"');
  });

  it('counts two certificates of one key as one CA, and uses the one that has not expired', () => {
    pki.issue('old-expired', {
      by: 'old',
      of: 'old',
      days: 0,
      extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'],
    });
    const trust = callerTrust(storeOf('old-expired', 'old', 'other'));
    const later = Date.now() + 60_000;
    expect(trust.check(ofOld ?? [], later).name).to.equal('rip.mcollective');
    expect(() => trust.check(ofOther ?? [], later)).to.throw('is from the CA "other"');
  });

  it('does not let the chain of one message decide for the next', () => {
    pki.ca('between');
    pki.ca('between-old', { by: 'old', of: 'between', subject: '/CN=between' });
    pki.ca('between-other', { by: 'other', of: 'between', subject: '/CN=between' });
    const [leaf = ''] = issueRip('between');
    const trust = callerTrust(storeOf('old', 'other'));
    expect(() => trust.check([leaf, derOf('between-other')])).to.throw('is from the CA "other"');
    expect(trust.check([leaf, derOf('between-old')]).name).to.equal('rip.mcollective');
    expect(() => trust.check([leaf, derOf('between-other')])).to.throw('is from the CA "other"');
  });

  it('names the CAs whose callers are not accepted', () => {
    expect(otherAuthorities(storeOf('old', 'other'))[0]).to.match(/^"other" \(SHA-256 /);
    expect(otherAuthorities(storeOf('old', 'other'), ['other', 'old'])).to.eql([]);
    expect(otherAuthorities(storeOf('new', 'old', 'new-by-old'))).to.eql([]);
  });

  it('refuses a list that names no CA of the file', () => {
    expect(() => callerTrust(storeOf('old'), ['older']))
      .to.throw('security.callers.authorities: no CA of the file is named older: use the common name or')
      .with.property('code', 'CONFIG_INVALID');
  });
});
