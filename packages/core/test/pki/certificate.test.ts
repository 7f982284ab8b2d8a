import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { TroupeError } from '../../src/errors.js';
import {
  type Ca,
  createCa,
  generateKeyPair,
  issueCertificate,
  type KeyPair,
  readCertificate,
  readExtensions,
  sha256Fingerprint,
  splitPem,
} from '../../src/pki/index.js';
import { needOpenssl, openssl } from './openssl.js';

describe('certificates', () => {
  let ca: Ca;
  let keys: KeyPair;

  before(async () => {
    ca = await createCa({ commonName: 'Test CA' });
    keys = await generateKeyPair();
  });

  function issue(options: Partial<Parameters<typeof issueCertificate>[0]> = {}): string {
    return issueCertificate({
      ca,
      commonName: 'web1.example.net',
      publicKeyPem: keys.publicKeyPem,
      ...options,
    });
  }

  it('makes a CA that signed itself', () => {
    const certificate = new X509Certificate(ca.certificatePem);
    expect(certificate).to.include({ subject: 'CN=Test CA', issuer: 'CN=Test CA', ca: true });
    expect(certificate.verify(certificate.publicKey)).to.equal(true);
    expect(certificate.checkPrivateKey(createPrivateKey(ca.privateKeyPem))).to.equal(true);
  });

  it('issues for a name and a key', () => {
    const certificate = new X509Certificate(issue());
    const issuer = new X509Certificate(ca.certificatePem);
    expect(certificate).to.include({ subject: 'CN=web1.example.net', ca: false, subjectAltName: undefined });
    expect(certificate.checkIssued(issuer)).to.equal(true);
    expect(certificate.verify(issuer.publicKey)).to.equal(true);
    expect(certificate.checkPrivateKey(createPrivateKey(keys.privateKeyPem))).to.equal(true);
    expect(certificate.fingerprint256).to.equal(sha256Fingerprint(certificate.toString()));
  });

  it('is valid from a day ago for as long as asked', () => {
    const { validFrom, validTo } = new X509Certificate(issue({ days: 10 }));
    expect(Date.parse(validTo) - Date.parse(validFrom)).to.equal(11 * 86_400_000);
    expect(Date.parse(validFrom)).to.be.lessThan(Date.now());
  });

  it('can make one that has expired', () => {
    const { validFrom, validTo } = new X509Certificate(issue({ days: -1 }));
    expect(Date.parse(validTo)).to.be.lessThan(Date.now());
    expect(Date.parse(validFrom)).to.be.lessThan(Date.parse(validTo));
  });

  it('writes dates beyond 2049', () => {
    const { validTo } = new X509Certificate(issue({ days: 365 * 60 }));
    expect(new Date(validTo).getFullYear()).to.be.greaterThan(2080);
  });

  it('carries alternative names of both kinds', () => {
    const { subjectAltName } = new X509Certificate(
      issue({
        dnsNames: ['puppet', 'web1.example.net'],
        ipAddresses: ['192.0.2.1', '::1', '2001:db8::5:0:1', '::ffff:192.0.2.7'],
      }),
    );
    expect(subjectAltName).to.equal(
      'DNS:puppet, DNS:web1.example.net, IP Address:192.0.2.1, IP Address:0:0:0:0:0:0:0:1, ' +
        'IP Address:2001:DB8:0:0:0:5:0:1, IP Address:0:0:0:0:0:FFFF:C000:207',
    );
  });

  for (const [serial, expected] of [
    ['1', '01'],
    ['0001', '01'],
    ['80', '80'],
    ['ff01', 'FF01'],
    ['0100', '0100'],
  ] as const) {
    it(`has the serial number ${serial}, positive`, () => {
      expect(new X509Certificate(issue({ serial })).serialNumber).to.equal(expected);
    });
  }

  it('generates a serial number by default', () => {
    const serials = Array.from({ length: 20 }, () => new X509Certificate(issue()).serialNumber);
    expect(new Set(serials)).to.have.property('size', 20);
    for (const serial of serials) expect(serial).to.match(/^[4-7][0-9A-F]{31}$/);
  });

  it('refuses what it cannot issue, by name', () => {
    expect(() => issue({ serial: '-1' })).to.throw(TroupeError, '"-1" is not a serial number');
    expect(() => issue({ ipAddresses: ['300.1.1.1'] })).to.throw(
      TroupeError,
      '"300.1.1.1" is not an IP address',
    );
    expect(() => issue({ publicKeyPem: 'rubbish' })).to.throw(TroupeError, 'the key is not valid PEM');
    expect(() => issue({ ca: { ...ca, privateKeyPem: keys.privateKeyPem } })).to.throw(
      TroupeError,
      'the private key of the CA does not match its certificate',
    );
  });

  it('reads certificates, and throws CERTIFICATE_INVALID for what is none', () => {
    expect(readCertificate(issue()).subject).to.equal('CN=web1.example.net');
    const broken = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
    for (const garbage of ['', 'x', broken]) {
      expect(() => readCertificate(garbage))
        .to.throw(TroupeError)
        .with.property('code', 'CERTIFICATE_INVALID');
    }
  });

  it('reads the extensions of a certificate', () => {
    const pem = issue({ extensions: { '1.3.6.1.4.1.34380.1.3.39': 'true' } });
    expect(readExtensions(pem)).to.include({ '1.3.6.1.4.1.34380.1.3.39': 'true', '2.5.29.19': 'MAA=' });
  });

  it('takes a bundle apart', () => {
    const one = issue();
    expect(splitPem(`# a comment\n${ca.certificatePem}\r\n${one}`)).to.deep.equal([ca.certificatePem, one]);
    expect(splitPem('')).to.deep.equal([]);
  });

  it('serves both ends of TLS', async () => {
    const cert = issue({ dnsNames: ['localhost'] });
    const own = { ca: ca.certificatePem, cert, key: keys.privateKeyPem };
    const server = createServer({ ...own, requestCert: true, rejectUnauthorized: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const client = tlsConnect({ ...own, port, host: '127.0.0.1', servername: 'localhost' });
    try {
      await once(client, 'secureConnect');
      const [socket] = await accepted;
      expect(client.authorized).to.equal(true);
      expect(socket.getPeerCertificate().subject.CN).to.equal('web1.example.net');
    } finally {
      client.destroy();
      server.close();
    }
  });

  describe('openssl', () => {
    before(function () {
      needOpenssl(this);
    });

    for (const purpose of ['sslserver', 'sslclient'] as const) {
      it(`verifies what is made here, strictly, as ${purpose}`, () => {
        const files = { 'ca.pem': ca.certificatePem, 'cert.pem': issue({ dnsNames: ['puppet'] }) };
        const result = openssl(
          files,
          'verify',
          '-x509_strict',
          '-purpose',
          purpose,
          '-CAfile',
          'ca.pem',
          'cert.pem',
        );
        expect(result).to.deep.equal({ status: 0, stdout: 'cert.pem: OK\n', stderr: '' });
      });
    }

    it('reads the extensions', () => {
      const cert = issue({ extensions: { '1.3.6.1.4.1.34380.1.1.13': 'web' } });
      const { stdout } = openssl({ 'cert.pem': cert }, 'x509', '-in', 'cert.pem', '-noout', '-text');
      expect(stdout).to.match(/Basic Constraints: critical\s+CA:FALSE/);
      expect(stdout).to.match(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
      expect(stdout).to.match(/TLS Web Server Authentication, TLS Web Client Authentication/);
      expect(stdout).to.match(/1\.3\.6\.1\.4\.1\.34380\.1\.1\.13:\s+\.\.web/);
    });
  });
});
