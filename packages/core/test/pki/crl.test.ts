import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { TroupeError } from '../../src/errors.js';
import {
  type Ca,
  createCa,
  createCrl,
  generateKeyPair,
  issueCertificate,
  readCrl,
} from '../../src/pki/index.js';
import { needOpenssl, openssl } from './openssl.js';

const date = new Date('2026-01-02T03:04:05Z');

describe('revocation lists', () => {
  let ca: Ca;
  let other: Ca;

  before(async () => {
    [ca, other] = await Promise.all([
      createCa({ commonName: 'Test CA' }),
      createCa({ commonName: 'Test CA' }),
    ]);
  });

  it('reads back what it made', () => {
    const revoked = [
      { serial: '1', date },
      { serial: '80', date },
      { serial: 'abcdef', date },
    ];
    const crl = readCrl(createCrl({ ca, number: 300, revoked, days: 7 }));
    expect(crl).to.deep.include({ issuer: 'CN=Test CA', number: 300 });
    expect([...crl.revokedSerials]).to.deep.equal(['01', '80', 'ABCDEF']);
    expect(crl.revoked.map((entry) => entry.date)).to.deep.equal([date, date, date]);
    expect(Number(crl.nextUpdate) - Number(crl.thisUpdate)).to.equal(8 * 86_400_000);
    expect(crl.verify(ca.certificatePem)).to.equal(true);
  });

  it('reads a list of nothing', () => {
    const crl = readCrl(createCrl({ ca, number: 0, revoked: [] }));
    expect(crl.number).to.equal(0);
    expect(crl.revokedSerials.size).to.equal(0);
    expect(crl.verify(ca.certificatePem)).to.equal(true);
  });

  it('names serials as X509Certificate does', async () => {
    const { publicKeyPem } = await generateKeyPair();
    for (const serial of ['1', '0f', '80', '0100', 'ffff']) {
      const certificate = new X509Certificate(
        issueCertificate({ ca, commonName: 'a', publicKeyPem, serial }),
      );
      const crl = readCrl(createCrl({ ca, number: 1, revoked: [{ serial, date }] }));
      expect([...crl.revokedSerials]).to.deep.equal([certificate.serialNumber]);
    }
  });

  it('distinguishes the list of another CA with the same name', () => {
    const crl = readCrl(createCrl({ ca: other, number: 1, revoked: [] }));
    expect(crl.verify(ca.certificatePem)).to.equal(false);
    expect(crl.verify(other.certificatePem)).to.equal(true);
  });

  it('distinguishes a list of the same key under another name', async () => {
    const { privateKeyPem, publicKeyPem } = await generateKeyPair();
    const named = (commonName: string): Ca => ({
      privateKeyPem,
      certificatePem: issueCertificate({ ca, commonName, publicKeyPem }),
    });
    const crl = readCrl(createCrl({ ca: named('a'), number: 1, revoked: [] }));
    expect(crl.verify(named('a').certificatePem)).to.equal(true);
    expect(crl.verify(named('b').certificatePem)).to.equal(false);
  });

  it('notices a serial that was changed', () => {
    const pem = createCrl({ ca, number: 1, revoked: [{ serial: '0badcafe', date }] });
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    der.writeUInt8(0xff, der.indexOf(Buffer.from('0badcafe', 'hex')) + 3);
    const crl = readCrl(`-----BEGIN X509 CRL-----\n${der.toString('base64')}\n-----END X509 CRL-----\n`);
    expect([...crl.revokedSerials]).to.deep.equal(['0BADCAFF']);
    expect(crl.verify(ca.certificatePem)).to.equal(false);
  });

  it('throws nothing but CERTIFICATE_INVALID, whichever byte is wrong', () => {
    const pem = createCrl({ ca, number: 1, revoked: [{ serial: '0badcafe', date }] });
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    for (let index = 0; index < der.length; index += 1) {
      const wrong = Buffer.from(der);
      wrong.writeUInt8(wrong.readUInt8(index) ^ 0xff, index);
      try {
        const crl = readCrl(
          `-----BEGIN X509 CRL-----\n${wrong.toString('base64')}\n-----END X509 CRL-----\n`,
        );
        expect(crl.verify(ca.certificatePem), `byte ${index}`).to.equal(false);
      } catch (error) {
        expect(error, `byte ${index}`)
          .to.be.instanceOf(TroupeError)
          .with.property('code', 'CERTIFICATE_INVALID');
      }
    }
  });

  it('refuses what is not a list', () => {
    for (const garbage of ['', 'x', ca.certificatePem]) {
      expect(() => readCrl(garbage)).to.throw(TroupeError, 'expected a X509 CRL block');
    }
  });

  describe('openssl', () => {
    before(function () {
      needOpenssl(this);
    });

    it('verifies what is made here', () => {
      const crl = createCrl({ ca, number: 7, revoked: [{ serial: 'abcdef', date }] });
      const files = { 'ca.pem': ca.certificatePem, 'crl.pem': crl };
      const { status, stdout, stderr } = openssl(
        files,
        ...'crl -in crl.pem -CAfile ca.pem -noout -text'.split(' '),
      );
      expect(status, stderr).to.equal(0);
      expect(stderr).to.match(/verify OK/);
      expect(stdout).to.match(/Serial Number: ABCDEF\s+Revocation Date: Jan {2}2 03:04:05 2026 GMT/);
      expect(stdout).to.match(/X509v3 CRL Number:\s+7/);
    });

    for (const revoked of [true, false]) {
      it(`${revoked ? 'refuses a certificate that is revoked' : 'accepts one that is not'}`, async () => {
        const { publicKeyPem } = await generateKeyPair();
        const cert = issueCertificate({ ca, commonName: 'a', publicKeyPem, serial: revoked ? 'ab' : 'ac' });
        const crl = createCrl({ ca, number: 7, revoked: [{ serial: 'ab', date }] });
        const { stdout, stderr } = openssl(
          { 'ca.pem': ca.certificatePem, 'crl.pem': crl, 'cert.pem': cert },
          ...'verify -crl_check -CRLfile crl.pem -CAfile ca.pem cert.pem'.split(' '),
        );
        expect(stdout + stderr).to.match(revoked ? /certificate revoked/ : /cert\.pem: OK/);
      });
    }

    for (const [type, md] of [
      ['RSA', 'sha256'],
      ['RSA', 'sha512'],
      ['EC', 'sha384'],
      ['Ed25519', 'default'],
    ] as const) {
      it(`makes lists signed with ${type} and ${md} that are read and verified here`, () => {
        const { crl, ca } = opensslCrl(type, md);
        const read = readCrl(crl);
        expect([...read.revokedSerials]).to.deep.equal(['1F']);
        expect(read.issuer).to.equal('CN=A,O=B'.replace(',', '\n'));
        expect(read.verify(ca)).to.equal(true);
        expect(read.verify(other.certificatePem)).to.equal(false);
      });
    }

    it('makes lists with SHA-1, which are not accepted', () => {
      const { crl, ca } = opensslCrl('RSA', 'sha1');
      expect(readCrl(crl).verify(ca)).to.equal(false);
    });
  });
});

/** A CA and its revocation list, made by openssl. */
function opensslCrl(type: 'RSA' | 'EC' | 'Ed25519', md: string): { ca: string; crl: string } {
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const { privateKey } =
    type === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : type === 'EC'
        ? generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
        : generateKeyPairSync('ed25519');
  const files = {
    'key.pem': privateKey.export(pkcs8).toString(),
    'index.txt': 'R\t360101000000Z\t260101000000Z\t1F\tunknown\t/CN=a\n',
    number: '05\n',
    'ca.conf': `[ca]\ndefault_ca = a\n[a]\ndatabase = index.txt\ncrlnumber = number\ndefault_md = ${md}\n`,
  };
  const made = openssl(files, ...'req -x509 -new -key key.pem -subj /CN=A/O=B'.split(' '));
  const ca = made.stdout;
  const listed = openssl(
    { ...files, 'ca.pem': ca },
    ...'ca -gencrl -config ca.conf -keyfile key.pem -cert ca.pem -crldays 7'.split(' '),
  );
  expect(made.status, made.stderr).to.equal(0);
  expect(listed.status, listed.stderr).to.equal(0);
  return { ca, crl: listed.stdout };
}
