import {
  type Ca,
  createCa,
  generateKeyPair,
  issueCertificate,
  type KeyPair,
  sha256Fingerprint,
} from '@troupe/core/pki';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { certificateStatus } from '../../src/certificate/certificate-status.js';
import { SslFiles } from '../../src/certificate/ssl-files.js';

describe('certificateStatus', () => {
  let ca: Ca;
  let other: Ca;
  let key: KeyPair;
  let folder: TempFolder;
  let files: SslFiles;

  before(async () => {
    ca = await createCa({ commonName: 'CA of m1', bits: 2048 });
    other = await createCa({ commonName: 'CA of m2', bits: 2048 });
    key = await generateKeyPair(2048);
  });
  beforeEach(async () => {
    folder = await createTempFolder();
    files = new SslFiles({
      ssldir: folder.path,
      hostprivkey: folder.join('key.pem'),
      hostpubkey: folder.join('pub.pem'),
      hostcsr: folder.join('csr.pem'),
      hostcert: folder.join('cert.pem'),
      localcacert: folder.join('ca.pem'),
      hostcrl: folder.join('crl.pem'),
    });
  });
  afterEach(() => folder.close());

  const issue = (days?: number) =>
    issueCertificate({
      ca,
      commonName: 'node1.example.net',
      publicKeyPem: key.publicKeyPem,
      ...(days === undefined ? {} : { days }),
    });
  const status = () => certificateStatus(files, Date.now());

  it('reports the fingerprint, issuer and expiry of a good certificate', async () => {
    const certificate = issue(10);
    await files.write('hostcert', certificate);
    await files.write('hostprivkey', key.privateKeyPem);
    await files.write('localcacert', other.certificatePem + ca.certificatePem);
    const found = await status();
    expect(found).to.include({
      exists: true,
      fingerprint: sha256Fingerprint(certificate),
      issuer: 'CN=CA of m1',
      matchesKey: true,
      matchesCa: true,
      isUsable: true,
      reason: null,
    });
    expect(Date.parse(found.notAfter ?? '') - Date.now()).to.be.within(9.9 * 86_400_000, 10 * 86_400_000);
  });

  it('reports that there is no certificate', async () => {
    expect(await status()).to.include({
      exists: false,
      isUsable: false,
      reason: `${folder.join('cert.pem')} does not exist`,
    });
  });

  for (const [what, key_, ca_, days, reason] of [
    ['has no key', undefined, 'own', 10, 'it does not match the private key'],
    ['has another key', 'other', 'own', 10, 'it does not match the private key'],
    ['has a key that is none', 'scribble', 'own', 10, 'it does not match the private key'],
    ['is signed by another CA', 'own', 'other', 10, 'it is not signed by any CA in the local ca.pem'],
    ['has no CA file beside it', 'own', undefined, 10, 'it is not signed by any CA in the local ca.pem'],
    ['has expired', 'own', 'own', -1, 'it expired at'],
  ] as const) {
    it(`says that it ${what}`, async () => {
      await files.write('hostcert', issue(days));
      if (key_ === 'own') await files.write('hostprivkey', key.privateKeyPem);
      if (key_ === 'other') await files.write('hostprivkey', other.privateKeyPem);
      if (key_ === 'scribble') await files.write('hostprivkey', 'scribble');
      if (ca_) await files.write('localcacert', (ca_ === 'own' ? ca : other).certificatePem);
      const found = await status();
      expect(found).to.include({ exists: true, isUsable: false });
      expect(found.reason).to.match(new RegExp(`^${reason}`));
    });
  }

  it('reports a certificate that cannot be read', async () => {
    await files.write('hostcert', 'scribble');
    const found = await status();
    expect(found).to.include({ exists: true, isUsable: false, fingerprint: null });
    expect(found.reason).to.contain(`cannot read ${folder.join('cert.pem')}: `);
  });
});
