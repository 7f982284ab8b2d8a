import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import {
  checkExtensions,
  checkLeaf,
  checkPathLength,
  checkPurpose,
  checkSignature,
} from '../../src/security/path-constraints.js';
import { TrustStore } from '../../src/security/trust.js';
import { needOpenssl } from '../pki/openssl.js';
import { OpensslPki } from './openssl-pki.js';

describe('the constraints of a path of certificates', function () {
  this.timeout(30_000);
  let pki: OpensslPki;
  before(function () {
    needOpenssl(this);
    pki = new OpensslPki();
    pki.ca('root');
  });
  after(() => pki?.remove());

  let made = 0;
  const issue = (...extensions: string[]) => {
    made += 1;
    pki.issue(`leaf${made}`, { by: 'root', extensions });
    return new X509Certificate(pki.text(`leaf${made}.pem`));
  };
  const isCa = (constraints: string) => issue(`basicConstraints=critical,CA:TRUE${constraints}`);
  const chainOf = (...names: string[]) =>
    names.map((name) => new X509Certificate(pki.text(`${name}.pem`)).raw.toString('base64'));

  for (const [what, extension] of [
    ['no extension', undefined],
    ['key usage', 'keyUsage=critical,digitalSignature'],
    ['alternative names', 'subjectAltName=critical,DNS:web1.lab'],
    ['basic constraints', 'basicConstraints=critical,CA:FALSE'],
    ['distribution points', 'crlDistributionPoints=critical,URI:http://x'],
    ['policies', 'certificatePolicies=critical,1.2.3.4'],
    ['extended key usage', 'extendedKeyUsage=critical,clientAuth'],
    ['an unknown extension that is not critical', '1.2.3.4=ASN1:UTF8String:x'],
    ['name constraints that are not critical', 'nameConstraints=permitted;DNS:.lab'],
  ] as const) {
    it(`are understood with ${what}`, () => {
      checkExtensions(issue(...(extension === undefined ? [] : [extension])));
    });
  }

  it('are not understood with an unknown extension that is critical, wherever it stands', () => {
    for (const extensions of [
      ['1.2.3.4=critical,ASN1:UTF8String:x'],
      ['keyUsage=critical,digitalSignature', '1.2.3.4=critical,ASN1:UTF8String:x', 'subjectAltName=DNS:a'],
    ])
      expect(() => checkExtensions(issue(...extensions)))
        .to.throw(
          /^the certificate "CN=leaf\d+" has the critical extension 1\.2\.3\.4, which is not supported$/,
        )
        .with.property('code', 'CERTIFICATE_INVALID');
  });

  it('take an extension for one that is not critical where the certificate says FALSE at length', () => {
    const { raw } = issue('1.2.3.4=critical,ASN1:UTF8String:x');
    const oid = raw.indexOf(Buffer.from('2a0304', 'hex'));
    expect(raw.subarray(oid + 3, oid + 6).toString('hex')).to.equal('0101ff');
    raw[oid + 5] = 0;
    checkExtensions(new X509Certificate(raw));
  });

  for (const [usage, may] of [
    [undefined, true],
    ['digitalSignature', true],
    ['digitalSignature,keyEncipherment', true],
    ['nonRepudiation', false],
    ['keyEncipherment', false],
    ['keyCertSign,cRLSign', false],
    ['decipherOnly,keyAgreement', false],
    ['encipherOnly,keyAgreement', false],
  ] as const) {
    it(`${may ? 'let' : 'do not let'} a key sign messages with the usage ${usage ?? 'unlimited'}`, () => {
      const certificate = issue(...(usage === undefined ? [] : [`keyUsage=${usage}`]));
      if (may) checkLeaf(certificate);
      else expect(() => checkLeaf(certificate)).to.throw('is not valid for digital signatures');
    });
  }

  for (const [usage, refused] of [
    [undefined, undefined],
    ['clientAuth', undefined],
    ['critical,serverAuth,clientAuth', undefined],
    ['emailProtection', 'emailProtection'],
    ['serverAuth', 'serverAuth'],
    ['codeSigning,1.2.3.4', 'codeSigning, 1.2.3.4'],
    ['anyExtendedKeyUsage', 'anyExtendedKeyUsage'],
  ] as const) {
    it(`${refused === undefined ? 'let' : 'do not let'} a key sign messages with the extended key usage ${usage ?? 'unlimited'}`, () => {
      const certificate = issue(...(usage === undefined ? [] : [`extendedKeyUsage=${usage}`]));
      if (refused === undefined) return checkLeaf(certificate);
      expect(() => checkLeaf(certificate))
        .to.throw(
          `is not valid for clientAuth, its extended key usage is ${refused}: issue one with the extended key usage clientAuth, or without any`,
        )
        .with.property('code', 'CERTIFICATE_INVALID');
    });
  }

  it('let a server have a certificate with serverAuth or no extended key usage', () => {
    checkPurpose(issue('extendedKeyUsage=serverAuth'), 'serverAuth');
    checkPurpose(issue(), 'serverAuth');
    expect(() => checkPurpose(issue('extendedKeyUsage=clientAuth'), 'serverAuth')).to.throw(
      'is not valid for serverAuth, its extended key usage is clientAuth',
    );
  });

  for (const [what, extensions] of [
    ['without key usage', ['basicConstraints=critical,CA:TRUE']],
    ['whose key usage is signing messages', ['basicConstraints=CA:TRUE', 'keyUsage=digitalSignature']],
    ['with every key usage', ['basicConstraints=CA:TRUE', 'keyUsage=digitalSignature,keyCertSign']],
  ] as const) {
    it(`do not let a CA ${what} sign messages`, () => {
      expect(() => checkLeaf(issue(...extensions))).to.throw(
        /"CN=leaf\d+" is a CA certificate, which must not sign messages or connect: use a certificate that the CA has issued/,
      );
    });
  }

  it('reject a certificate with a key that is too short, and a CA with one', () => {
    pki.ca('short', { kind: 'RSA-1024' });
    pki.issue('of-short.lab', { by: 'short' });
    pki.issue('short.lab', { by: 'root', kind: 'RSA-1024' });
    const tooShort = (name: string) =>
      `the certificate "CN=${name}" has an unsupported key: a key of type rsa cannot be used for signing: use RSA with 2048 to 8192 bits`;
    expect(() => new TrustStore({ ca: pki.text('short.pem') }).check(chainOf('of-short.lab'))).to.throw(
      tooShort('short'),
    );
    expect(() => new TrustStore({ ca: pki.text('root.pem') }).check(chainOf('short.lab'))).to.throw(
      tooShort('short.lab'),
    );
  });

  for (const [digest, algorithm] of [
    ['sha1', 'ecdsa-with-SHA1'],
    ['sha224', '1.2.840.10045.4.3.1'],
  ] as const) {
    it(`reject a certificate that is signed with ${digest}, and what a CA issued whose certificate is`, () => {
      pki.issue(`${digest}.lab`, { by: 'root', digest });
      pki.ca(`${digest}-ca`, { by: 'root', digest });
      pki.issue(`below-${digest}.lab`, { by: `${digest}-ca` });
      const store = new TrustStore({ ca: pki.text('root.pem') });
      const weak = (name: string) =>
        `the certificate "CN=${name}" is signed with ${algorithm}, which is weak or not supported: issue it again with SHA-256, SHA-384 or SHA-512`;
      expect(() => store.check(chainOf(`${digest}.lab`))).to.throw(weak(`${digest}.lab`));
      expect(() => store.check(chainOf(`below-${digest}.lab`, `${digest}-ca`))).to.throw(
        weak(`${digest}-ca`),
      );
    });
  }

  it('accept strong signatures, and a root whose own signature is weak, because nobody relies on it', () => {
    for (const digest of ['sha256', 'sha384', 'sha512'] as const) {
      pki.issue(`${digest}.lab`, { by: 'root', digest });
      checkSignature(new X509Certificate(pki.text(`${digest}.lab.pem`)));
    }
    pki.ca('old-root', { digest: 'sha1' });
    pki.issue('below-old.lab', { by: 'old-root' });
    expect(new TrustStore({ ca: pki.text('old-root.pem') }).check(chainOf('below-old.lab')).name).to.equal(
      'below-old.lab',
    );
  });

  it('limit what a CA issues by its own extended key usage', () => {
    pki.ca('mail-ca', {
      by: 'root',
      extensions: ['basicConstraints=critical,CA:TRUE', 'extendedKeyUsage=emailProtection'],
    });
    pki.issue('by-mail.lab', { by: 'mail-ca' });
    expect(() =>
      new TrustStore({ ca: pki.text('root.pem') }).check(chainOf('by-mail.lab', 'mail-ca')),
    ).to.throw('the certificate "CN=mail-ca" is not valid for clientAuth');
  });

  for (const most of [0, 1, 3, 16]) {
    it(`allow ${most} CAs below one of path length ${most}, and not one more`, () => {
      const ca = isCa(`,pathlen:${most}`);
      checkPathLength(ca, most);
      expect(() => checkPathLength(ca, most + 1))
        .to.throw(`allows ${most} CAs below it, but the chain has ${most + 1}`)
        .with.property('code', 'CERTIFICATE_INVALID');
    });
  }

  it('allow any number of CAs where no path length is set', () => {
    checkPathLength(isCa(''), 5);
    checkPathLength(issue(), 5);
  });

  it('reject certificates issued by a certificate that is not a CA, whatever its key usage', () => {
    pki.issue('plain.lab', { by: 'root' });
    pki.issue('forged.mcollective', { by: 'plain.lab' });
    const store = new TrustStore({ ca: pki.text('root.pem') });
    expect(store.check(chainOf('plain.lab')).name).to.equal('plain.lab');
    expect(() => store.check(chainOf('forged.mcollective', 'plain.lab'))).to.throw(
      'the certificate "forged.mcollective" is not signed by a trusted CA (issuer CN=plain.lab)',
    );
  });

  it('are heeded by a store: the path length of a CA on the way', () => {
    pki.ca('narrow', { by: 'root', extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0'] });
    pki.ca('too-deep', { by: 'narrow' });
    pki.issue('leaf.lab', { by: 'too-deep' });
    const store = new TrustStore({ ca: pki.text('root.pem') });
    expect(() => store.check(chainOf('leaf.lab', 'too-deep', 'narrow'))).to.throw(
      'allows 0 CAs below it, but the chain has 1',
    );
  });

  it('reject a circular chain of CAs that is not trusted', () => {
    pki.ca('loop1');
    pki.ca('loop2', { by: 'loop1' });
    pki.ca('loop1-again', { by: 'loop2', of: 'loop1' });
    pki.issue('looped.lab', { by: 'loop1' });
    const store = new TrustStore({ ca: pki.text('root.pem') });
    expect(() => store.check(chainOf('looped.lab', 'loop1-again', 'loop2')))
      .to.throw('the certificate chain is circular or too long')
      .with.property('code', 'CERTIFICATE_INVALID');
  });

  it('allow four CAs between a leaf and the root', () => {
    const cas = ['ca1', 'ca2', 'ca3', 'ca4'];
    for (const [index, name] of cas.entries()) pki.ca(name, { by: cas[index - 1] ?? 'root' });
    pki.issue('deep.lab', { by: 'ca4' });
    const chain = chainOf('deep.lab', ...cas.toReversed());
    expect(new TrustStore({ ca: pki.text('root.pem') }).check(chain).name).to.equal('deep.lab');
  });
});
