import { createHash, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { createCa, createCrl, generateEcKeyPair, issueCertificate } from '../../src/pki/index.js';
import { commonName, listsOf, TrustStore, trustStore } from '../../src/security/trust.js';
import { fixture } from './pki-fixture.js';

const derOf = (pem: string) => new X509Certificate(pem).raw.toString('base64');

describe('TrustStore', () => {
  let pki: Awaited<ReturnType<typeof fixture>>;
  let web: Awaited<ReturnType<typeof pki.issue>>;

  before(async () => {
    pki = await fixture();
    web = await pki.issue('web1.lab');
  });

  it('accepts a certificate of its CA and returns its name', () => {
    expect(new TrustStore({ ca: pki.ca.certificatePem }).check(web.chain).name).to.equal('web1.lab');
  });

  it('rejects a certificate of another CA with the same name', async () => {
    const other = await fixture();
    const rogue = await other.issue('web1.lab');
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    expect(() => store.check(rogue.chain)).to.throw('"web1.lab" is not signed by a trusted CA');
    const withTheirRoot = [
      ...rogue.chain,
      new X509Certificate(other.ca.certificatePem).raw.toString('base64'),
    ];
    expect(() => store.check(withTheirRoot)).to.throw('is not signed by a trusted CA');
  });

  it('is shared only for the same CAs and lists', async () => {
    const ca = pki.ca.certificatePem;
    const crl = createCrl({ ca: pki.ca, number: 1, revoked: [] });
    const store = trustStore({ ca });
    expect(trustStore({ ca })).to.equal(store);
    expect(trustStore({ ca, crl })).to.not.equal(store);
    expect(trustStore({ ca: (await fixture()).ca.certificatePem })).to.not.equal(store);
    expect(() => trustStore({ ca: 'nothing' })).to.throw('contains no certificate');
  });

  it('does not let a node be a CA', async () => {
    const { key: _key, keyPem, certificatePem } = web;
    const forged = issueCertificate({
      ca: { certificatePem, privateKeyPem: keyPem },
      commonName: 'admin.mcollective',
      publicKeyPem: (await generateEcKeyPair()).publicKeyPem,
    });
    const chain = [new X509Certificate(forged).raw.toString('base64'), ...web.chain];
    expect(() => new TrustStore({ ca: pki.ca.certificatePem }).check(chain)).to.throw(
      'is not signed by a trusted CA',
    );
  });

  it('refuses an expired certificate, also when it was good a moment ago', () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    store.check(web.chain).confirm();
    store.check(web.chain);
    const later = Date.parse(new X509Certificate(web.certificatePem).validTo) + 1000;
    expect(() => store.check(web.chain, later)).to.throw('"web1.lab" expired');
  });

  it('keeps nothing of a chain whose owner is not confirmed, and then checks it once', () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    const first = store.check(web.chain);
    expect(store.check(web.chain)).to.not.equal(first);
    first.confirm();
    expect(store.check(web.chain)).to.equal(first);
  });

  it('keeps one chain of each certificate, however many its owner makes with it', async () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    const root = derOf(pki.ca.certificatePem);
    store.check(web.chain).confirm();
    const longer = store.check([...web.chain, root]);
    longer.confirm();
    expect(store.check([...web.chain, root])).to.equal(longer);
    const plain = store.check(web.chain);
    plain.confirm();
    expect(store.check(web.chain)).to.equal(plain);
    expect(store.check([...web.chain, root])).to.not.equal(longer);
  });

  it('reads one text for each certificate only', () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    const [text = ''] = web.chain;
    const der = Buffer.from(text, 'base64');
    const lines = text.replace(/.{64}/g, '$&\n');
    const url = der.toString('base64url');
    for (const odd of [
      ` ${text}`,
      `${text} `,
      lines,
      `${text}=`,
      `${text}====`,
      url === text ? `${url}_` : url,
    ])
      expect(() => store.check([odd]), odd).to.throw('contains data that is not base64');
    const withMore = Buffer.concat([der, Buffer.alloc(3)]).toString('base64');
    expect(() => store.check([withMore])).to.throw('contains a certificate that is not DER');
    const pem = Buffer.from(web.certificatePem).toString('base64');
    expect(() => store.check([pem])).to.throw('contains a certificate that is not DER');
  });

  it('refuses a chain that is too long before it reads it', () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    expect(() => store.check([...web.chain, 'A'.repeat(32_768)])).to.throw(
      /the certificate chain has \d+ characters; the limit is 32768/,
    );
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

  for (const [what, chain, reason] of [
    ['no certificate', [], 'the certificate chain has 0 certificates; 1 to 5 are allowed'],
    ['garbage', ['AAAA'], 'the certificate chain contains data that is not a certificate'],
    [
      'too many',
      ['a', 'b', 'c', 'd', 'e', 'f'],
      'the certificate chain has 6 certificates; 1 to 5 are allowed',
    ],
  ] as const) {
    it(`refuses a chain with ${what}`, () => {
      expect(() => new TrustStore({ ca: pki.ca.certificatePem }).check(chain))
        .to.throw(reason)
        .with.property('code', 'CERTIFICATE_INVALID');
    });
  }

  it('accepts a chain of five, in any order after the leaf', () => {
    const others = Array<string>(4).fill(derOf(pki.ca.certificatePem));
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    expect(store.check([...web.chain, ...others])).to.include({
      name: 'web1.lab',
      fingerprint: createHash('sha256')
        .update(Buffer.from(web.chain[0] ?? '', 'base64'))
        .digest('hex'),
    });
  });

  it('accepts a certificate from the first to the last moment of its validity', () => {
    const { validFrom, validTo } = new X509Certificate(web.certificatePem);
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    const check = (now: number) => new TrustStore({ ca: pki.ca.certificatePem }).check(web.chain, now).name;
    expect(check(Math.max(from, Date.parse(new X509Certificate(pki.ca.certificatePem).validFrom)))).to.equal(
      'web1.lab',
    );
    expect(check(to)).to.equal('web1.lab');
    expect(() => check(to + 1)).to.throw(`the certificate "web1.lab" expired on ${validTo}`);
    expect(() => check(from - 1)).to.throw(`the certificate "web1.lab" is not valid before ${validFrom}`);
  });

  it('refuses what a CA issued that has expired since, also when it was good a moment ago', async () => {
    const ca = await createCa({ commonName: 'Short CA', days: 1 });
    const certificate = issueCertificate({
      ca,
      commonName: 'web1.lab',
      publicKeyPem: (await generateEcKeyPair()).publicKeyPem,
      days: 100,
    });
    const store = new TrustStore({ ca: ca.certificatePem });
    const chain = [derOf(certificate)];
    const end = Date.parse(new X509Certificate(ca.certificatePem).validTo);
    expect(store.check(chain, end).name).to.equal('web1.lab');
    store.check(chain).confirm();
    expect(store.check(chain)).to.equal(store.check(chain));
    expect(() => store.check(chain, end + 1)).to.throw('the certificate "Short CA" expired');
  });

  it('applies a revocation list only to certificates of its CA', async () => {
    const [one, two] = [pki.ca, await createCa({ commonName: 'Second CA' })];
    const issue = async (ca: typeof one) => {
      const { publicKeyPem } = await generateEcKeyPair();
      return issueCertificate({ ca, commonName: 'web1.lab', publicKeyPem, serial: '0777' });
    };
    const crl = createCrl({ ca: one, number: 1, revoked: [{ serial: '0777', date: new Date() }] });
    const store = new TrustStore({
      ca: one.certificatePem + two.certificatePem,
      crl: createCrl({ ca: two, number: 1, revoked: [] }) + crl,
    });
    const [ofOne, ofTwo] = [[derOf(await issue(one))], [derOf(await issue(two))]];
    expect(store.check(ofTwo).name).to.equal('web1.lab');
    expect(() => store.check(ofOne)).to.throw('"web1.lab" is revoked');
  });

  it('lets no CA sign messages itself', () => {
    const store = new TrustStore({ ca: pki.ca.certificatePem });
    expect(() => store.check([derOf(pki.ca.certificatePem)])).to.throw(
      '"CN=Test CA" is a CA certificate, which must not sign messages or connect',
    );
  });

  it('shares no more than a hundred stores', () => {
    const ca = pki.ca.certificatePem;
    const first = trustStore({ ca });
    const others = Array.from({ length: 50 }, (_, index) => trustStore({ ca: `${ca}\n# ${index}` }));
    expect(trustStore({ ca })).to.equal(first);
    others.push(...Array.from({ length: 101 }, (_, index) => trustStore({ ca: `${ca}\n## ${index}` })));
    expect(trustStore({ ca })).to.not.equal(first);
    expect(others).to.have.length(151);
  });
});

describe('commonName', () => {
  const named = (...subject: string[]) => commonName({ subject: subject.join('\n') } as X509Certificate);

  it('is the one that a subject has', () => {
    expect(named('C=DE', 'O=CN=wrong', 'CN=web1.lab', 'OU=x')).to.equal('web1.lab');
    expect(named('CN=')).to.equal('');
  });

  for (const subject of [['O=x'], ['CN=a', 'CN=b'], ['CN=a', 'O=x', 'CN=a']]) {
    it(`is none of ${subject.join(', ')}`, () => {
      const count = subject.filter((line) => line.startsWith('CN=')).length;
      expect(() => named(...subject)).to.throw(
        `a certificate has ${count} common names; exactly one is required`,
      );
    });
  }
});

describe('listsOf', () => {
  it('are the lists of a bundle that one of the CAs signed', async () => {
    const [one, two, three] = await Promise.all(
      ['1', '2', '3'].map((commonName) => createCa({ commonName })),
    );
    if (!one || !two || !three) throw new Error('no CA');
    const lists = [one, two, three].map((ca) => createCrl({ ca, number: 1, revoked: [] }).trim());
    const cas = (...some: (typeof one)[]) => some.map(({ certificatePem }) => certificatePem).join('');
    expect(listsOf(cas(one, three), lists.join('\n'))).to.equal([lists[0], lists[2]].join('\n'));
    expect(listsOf(cas(two), [lists[0], lists[2]].join('\n'))).to.equal('');
    expect(listsOf('', lists.join('\n'))).to.equal('');
  });
});
