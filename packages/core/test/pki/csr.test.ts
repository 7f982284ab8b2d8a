import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { TroupeError } from '../../src/errors.js';
import { createCsr, generateKeyPair, type KeyPair, readCsr, sha256Fingerprint } from '../../src/pki/index.js';
import { needOpenssl, openssl } from './openssl.js';

function privateKeyOf(type: 'RSA' | 'EC' | 'Ed25519'): string {
  const { privateKey } =
    type === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : type === 'EC'
        ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
        : generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('signing requests', () => {
  let keys: KeyPair;
  let csr: string;

  before(async () => {
    keys = await generateKeyPair();
    csr = createCsr({ commonName: 'web1.example.net', privateKeyPem: keys.privateKeyPem });
  });

  it('reads back what it made', () => {
    expect(readCsr(csr)).to.deep.equal({
      commonName: 'web1.example.net',
      publicKeyPem: keys.publicKeyPem,
      subjectAltNames: [],
      extensionOids: [],
      extensions: {},
      isSignatureValid: true,
    });
  });

  it('is the same for the same key and name, so that its fingerprint is stable', () => {
    const again = createCsr({ commonName: 'web1.example.net', privateKeyPem: keys.privateKeyPem });
    expect(again).to.equal(csr);
    expect(sha256Fingerprint(again)).to.match(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it('carries a challenge password, extensions and alternative names', () => {
    const read = readCsr(
      createCsr({
        commonName: 'web1.example.net',
        privateKeyPem: keys.privateKeyPem,
        challengePassword: 'grün & geheim',
        extensions: { '1.3.6.1.4.1.34380.1.1.13': 'web', '1.3.6.1.4.1.34380.1.3.39': 'true' },
        dnsNames: ['www.example.net', 'example.net'],
      }),
    );
    expect(read.challengePassword).to.equal('grün & geheim');
    expect(read.subjectAltNames).to.deep.equal(['DNS:www.example.net', 'DNS:example.net']);
    expect(read.extensionOids).to.have.members([
      '1.3.6.1.4.1.34380.1.1.13',
      '1.3.6.1.4.1.34380.1.3.39',
      '2.5.29.17',
    ]);
    expect(read.extensions).to.include({
      '1.3.6.1.4.1.34380.1.1.13': 'web',
      '1.3.6.1.4.1.34380.1.3.39': 'true',
    });
    expect(read.isSignatureValid).to.equal(true);
  });

  it('notices that the requester does not hold the key', () => {
    const der = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const at = der.indexOf('web1.example.net');
    der.write('web2', at);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(readCsr(forged)).to.include({ commonName: 'web2.example.net', isSignatureValid: false });
  });

  for (const [what, garbage] of [
    ['nothing', ''],
    ['text', 'hello'],
    ['another kind of PEM', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'],
    [
      'bytes that are no DER',
      '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
    ],
    ['an empty sequence', '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => readCsr(garbage))
        .to.throw(TroupeError)
        .with.property('code', 'CERTIFICATE_INVALID');
    });
  }

  it('throws nothing but CERTIFICATE_INVALID, whichever byte is wrong', () => {
    const der = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    let valid = 0;
    for (let index = 0; index < der.length; index += 1) {
      const wrong = Buffer.from(der);
      wrong.writeUInt8(wrong.readUInt8(index) ^ 0xff, index);
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${wrong.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      try {
        if (readCsr(pem).isSignatureValid) valid += 1;
      } catch (error) {
        expect(error).to.be.instanceOf(TroupeError).with.property('code', 'CERTIFICATE_INVALID');
      }
    }
    expect(valid).to.equal(0);
  });

  describe('openssl', () => {
    before(function () {
      needOpenssl(this);
    });

    it('verifies what is made here', () => {
      const full = createCsr({
        commonName: 'web1.example.net',
        privateKeyPem: keys.privateKeyPem,
        challengePassword: 'secret',
        extensions: { '1.3.6.1.4.1.34380.1.1.13': 'web' },
        dnsNames: ['www.example.net'],
      });
      const { status, stdout, stderr } = openssl(
        { 'csr.pem': full },
        ...'req -in csr.pem -verify -noout -text'.split(' '),
      );
      expect({ status, stderr }).to.deep.include({ status: 0 });
      expect(stderr + stdout).to.match(/verify OK/);
      expect(stdout).to.match(/Subject: CN ?= ?web1\.example\.net/);
      expect(stdout).to.match(/challengePassword\s*:secret/);
      expect(stdout).to.include('DNS:www.example.net');
    });

    for (const type of ['RSA', 'EC', 'Ed25519'] as const) {
      it(`makes ${type} requests that are read here`, () => {
        const key = privateKeyOf(type);
        const args =
          'req -new -key key.pem -subj /O=Example/CN=web1.example.net -addext subjectAltName=DNS:a,IP:192.0.2.1,IP:2001:db8::1,email:a@b.c,URI:http://a/,otherName:1.2.3.4;UTF8:x';
        const { status, stdout, stderr } = openssl({ 'key.pem': key }, ...args.split(' '));
        expect(status, stderr).to.equal(0);
        expect(readCsr(stdout)).to.deep.include({
          commonName: 'web1.example.net',
          isSignatureValid: true,
          subjectAltNames: [
            'DNS:a',
            'IP:192.0.2.1',
            'IP:2001:db8:0:0:0:0:0:1',
            'email:a@b.c',
            'URI:http://a/',
            'other:0',
          ],
        });
      });
    }
  });
});
