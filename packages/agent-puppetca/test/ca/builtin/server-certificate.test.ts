import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCa, generateKeyPair, issueCertificate, readCertificate, readCrl } from '@troupe/core/pki';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BuiltinCa } from '../../../src/ca/builtin/builtin-ca.js';

const day = 86_400_000;

describe("the certificate of the built-in CA's own server", () => {
  let folder: string;
  let ca: BuiltinCa;
  const names = { dnsNames: ['ca1', 'puppet'], ipAddresses: ['192.0.2.1'] };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-ca-'));
    ca = await BuiltinCa.open({ cadir: folder, certname: 'ca1', days: 100 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const file = (...parts: string[]) => join(folder, ...parts);
  /** The certificate for these names, and what is revoked. */
  const take = async (wanted: Parameters<BuiltinCa['serverCertificate']>[0] = names) => {
    const { certificatePem, privateKeyPem } = await ca.serverCertificate(wanted);
    expect(await readFile(file('signed', 'ca1.pem'), 'utf8')).to.equal(certificatePem);
    expect(await readFile(file('private_keys', 'ca1.pem'), 'utf8')).to.equal(privateKeyPem);
    return readCertificate(certificatePem);
  };
  const revoked = async () => [...readCrl(await ca.crl()).revokedSerials];

  it('is kept as long as it is usable', async () => {
    const first = await take();
    expect(first.subjectAltName).to.equal('DNS:ca1, DNS:puppet, IP Address:192.0.2.1');
    expect((await take()).serialNumber).to.equal(first.serialNumber);
    expect(await revoked()).to.deep.equal([]);
    expect((await stat(file('private_keys', 'ca1.pem'))).mode & 0o777).to.equal(0o600);
  });

  it('is kept without any names, too', async () => {
    const none = { dnsNames: [], ipAddresses: [] };
    expect((await take(none)).subjectAltName).to.equal(undefined);
    await take(none);
    expect(await revoked()).to.deep.equal([]);
  });

  it('is renewed when it has 30 days left, and not before', async () => {
    const first = await take();
    const { now } = Date;
    const end = Date.parse(first.validTo);
    try {
      Date.now = () => end - 30 * day - 1;
      expect((await take()).serialNumber).to.equal(first.serialNumber);
      Date.now = () => end - 30 * day;
      const second = await take();
      expect(second.serialNumber).to.not.equal(first.serialNumber);
      expect(Date.parse(second.validTo)).to.be.greaterThan(end);
    } finally {
      Date.now = now;
    }
    expect(await revoked()).to.deep.equal([first.serialNumber]);
  });

  for (const [what, wanted] of [
    ['another name', { ...names, dnsNames: ['ca1', 'puppet.lab'] }],
    ['one name more', { ...names, dnsNames: ['ca1', 'puppet', 'puppet.lab'] }],
    ['one name less', { ...names, dnsNames: ['ca1'] }],
    ['another address', { ...names, ipAddresses: ['192.0.2.2'] }],
    ['no address', { ...names, ipAddresses: [] }],
  ] as const) {
    it(`is made anew for ${what}, and the old one is revoked`, async () => {
      const first = await take();
      const second = await take(wanted);
      expect(second.serialNumber).to.not.equal(first.serialNumber);
      expect(await revoked()).to.deep.equal([first.serialNumber]);
      expect((await take(wanted)).serialNumber).to.equal(second.serialNumber);
    });
  }

  it('is made anew when it was revoked', async () => {
    const first = await take();
    await ca.revoke('ca1');
    expect((await take()).serialNumber).to.not.equal(first.serialNumber);
  });

  it('is made anew when its key is another', async () => {
    const first = await take();
    await writeFile(file('private_keys', 'ca1.pem'), (await generateKeyPair()).privateKeyPem);
    const second = await take();
    expect(second.serialNumber).to.not.equal(first.serialNumber);
    expect(second.publicKey.equals(first.publicKey)).to.equal(false);
  });

  it('is made anew when another CA has issued it', async () => {
    await take();
    const pair = await generateKeyPair();
    const other = issueCertificate({
      ca: await createCa({ commonName: 'Other CA' }),
      commonName: 'ca1',
      publicKeyPem: pair.publicKeyPem,
      ...names,
    });
    await writeFile(file('signed', 'ca1.pem'), other);
    await writeFile(file('private_keys', 'ca1.pem'), pair.privateKeyPem);
    const made = await take();
    expect(made.verify(readCertificate((await ca.caCertificate()).toString()).publicKey)).to.equal(true);
  });
});
