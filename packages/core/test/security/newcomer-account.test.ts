import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { createNewcomerAccount, readNewcomerAccount } from '../../src/security/newcomer-account.js';

describe('the account of new machines', () => {
  let text: string;
  let other: string;
  before(async () => {
    [text, other] = await Promise.all([createNewcomerAccount(), createNewcomerAccount('others')]);
  });
  const blocks = (pem: string) => pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g) ?? [];

  it('is a certificate for TLS clients from a CA of its own, with its key', () => {
    const account = readNewcomerAccount(text);
    const certificate = new X509Certificate(account.certificate);
    expect(account.name).to.equal('newcomers');
    expect(certificate.subject).to.equal('CN=newcomers');
    expect(certificate.ca).to.equal(false);
    expect(certificate.keyUsage).to.include('1.3.6.1.5.5.7.3.2');
    expect(new X509Certificate(account.ca).ca).to.equal(true);
    expect(readNewcomerAccount(other).name).to.equal('others');
  });

  it('does not contain the key of its CA', () => {
    expect(blocks(text).map((block) => block.split('\n', 1)[0])).to.deep.equal([
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----',
    ]);
    const { ca, key } = readNewcomerAccount(text);
    expect(new X509Certificate(ca).publicKey.asymmetricKeyType).to.equal('rsa');
    expect(key.length).to.be.lessThan(300);
  });

  for (const [what, of, reason] of [
    ['no key', ([, ...rest]) => rest, 'it must contain a private key'],
    ['no CA', ([key, own]) => [key, own], 'it must contain a private key'],
    ['a third certificate', (all) => [...all, all[1]], 'it must contain a private key'],
    ['the key of another', ([, ...rest], [key]) => [key, ...rest], 'its key does not match its certificate'],
    ['the CA of another', ([key, own], [, , ca]) => [key, own, ca], 'is not signed by its second one'],
    [
      'a damaged certificate',
      ([key, own, ca]) => [key, own?.replace(/M/, 'X'), ca],
      'it contains a damaged certificate',
    ],
  ] as readonly [string, (own: string[], other: string[]) => (string | undefined)[], string][]) {
    it(`is refused with ${what}`, () => {
      expect(() => readNewcomerAccount(of(blocks(text), blocks(other)).join('')))
        .to.throw(`the account of new machines is not usable: `)
        .with.property('message')
        .that.includes(reason);
    });
  }
});
