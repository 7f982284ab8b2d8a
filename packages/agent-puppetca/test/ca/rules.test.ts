import { generateKeyPairSync } from 'node:crypto';
import { createCsr, generateKeyPair, type KeyPair, readCsr } from '@troupe/core/pki';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { authorizationExtensions, extensionName, isExtensionName } from '../../src/ca/extension-names.js';
import { detailsOf } from '../../src/ca/request-details.js';
import { checkCertname, faultOf, isCertname, strictPolicy } from '../../src/ca/rules.js';

describe('rules for requests', () => {
  let keys: KeyPair;

  before(async () => {
    keys = await generateKeyPair();
  });

  const csrOf = (options: Partial<Parameters<typeof createCsr>[0]>) =>
    readCsr(createCsr({ commonName: 'web1', privateKeyPem: keys.privateKeyPem, ...options }));

  for (const [what, options, fault] of [
    ['a plain request', {}, undefined],
    ['a challenge password', { challengePassword: 'x' }, undefined],
    ['its own name again', { dnsNames: ['web1'] }, undefined],
    ['another name', { commonName: 'web2' }, 'its common name is "web2"'],
    [
      'alternative names',
      { dnsNames: ['web1', 'a', 'b'] },
      'it requests the alternative names DNS:a, DNS:b, which plugins.puppetca.allow_alt_names does not allow',
    ],
    [
      'trusted facts of its own choice',
      { extensions: { '1.3.6.1.4.1.34380.1.1.13': 'web', '1.3.6.1.4.1.34380.1.2.7': 'x' } },
      'it requests the extension pp_role, 1.3.6.1.4.1.34380.1.2.7, which plugins.puppetca.allow_extensions does not allow',
    ],
    [
      'rights on the server',
      { extensions: { '1.3.6.1.4.1.34380.1.3.39': 'true', '1.3.6.1.4.1.34380.1.3.99': 'x' } },
      'it requests the authorization extension pp_cli_auth, 1.3.6.1.4.1.34380.1.3.99, which is not allowed',
    ],
  ] as const) {
    it(`${fault === undefined ? 'accepts' : 'refuses'} ${what}`, () => {
      expect(faultOf('web1', csrOf(options), strictPolicy)).to.equal(fault);
    });
  }

  it('refuses a request whose sender does not hold the key', () => {
    expect(faultOf('web1', { ...csrOf({}), isSignatureValid: false }, strictPolicy)).to.match(/signature/);
  });

  const policy = {
    extensions: new Map([
      ['pp_role', /^(?:web|db)$/],
      ['pp_auth_role', /^x$/],
    ]),
    altNames: [/^(?:DNS:.+\.web\.example)$/],
  };
  for (const [what, options, fault] of [
    ['a value that is allowed', { extensions: { '1.3.6.1.4.1.34380.1.1.13': 'db' } }, undefined],
    ['a right that is allowed', { extensions: { '1.3.6.1.4.1.34380.1.3.13': 'x' } }, undefined],
    ['a name that is allowed', { dnsNames: ['a.web.example'] }, undefined],
    [
      'another value',
      { extensions: { '1.3.6.1.4.1.34380.1.1.13': 'dba' } },
      'it requests the extension pp_role, which plugins.puppetca.allow_extensions does not allow',
    ],
    [
      'another right',
      { extensions: { '1.3.6.1.4.1.34380.1.3.39': 'x' } },
      'it requests the authorization extension pp_cli_auth, which is not allowed',
    ],
    [
      'another name',
      { dnsNames: ['a.web.example', 'a.web.example.net'] },
      'it requests the alternative names DNS:a.web.example.net, which plugins.puppetca.allow_alt_names does not allow',
    ],
  ] as const) {
    it(`${fault === undefined ? 'accepts' : 'refuses'} ${what} under a policy`, () => {
      expect(faultOf('web1', csrOf(options), policy)).to.equal(fault);
    });
  }

  it("names Puppet's authorization extensions, and no others", () => {
    const extensions = {
      '1.3.6.1.4.1.34380.1.3.1': 'a',
      '1.3.6.1.4.1.34380.1.3.13': 'b',
      '1.3.6.1.4.1.34380.1.1.1': 'c',
    };
    expect(authorizationExtensions(extensions)).to.deep.equal({ pp_authorization: 'a', pp_auth_role: 'b' });
  });

  for (const [number, name] of [
    [1, 'pp_uuid'],
    [2, 'pp_instance_id'],
    [13, 'pp_role'],
    [20, 'pp_zone'],
    [26, 'pp_owner'],
  ] as const) {
    it(`knows ${name} by its OID, and by its name`, () => {
      expect(extensionName(`1.3.6.1.4.1.34380.1.1.${number}`)).to.equal(name);
      expect(isExtensionName(name)).to.equal(true);
    });
  }

  it('leaves an OID without a name as it is', () => {
    for (const oid of ['1.3.6.1.4.1.34380.1.1.0', '1.3.6.1.4.1.34380.1.1.27', '1.2.3']) {
      expect(extensionName(oid)).to.equal(oid);
      expect(isExtensionName(oid)).to.equal(true);
    }
    for (const text of ['pp_other', '1', '1.', '.1', 'x1.2', '1.2x'])
      expect(isExtensionName(text), text).to.equal(false);
  });

  it('shows of a long name that is none 80 characters', () => {
    checkCertname('web1');
    expect(() => checkCertname('A'.repeat(81)))
      .to.throw(`Invalid certname "${'A'.repeat(80)}": use`)
      .with.property('code', 'CERTNAME_INVALID');
  });

  it('tells a key by its kind and its size, where it has one', () => {
    for (const [pair, key] of [
      [generateKeyPairSync('ed25519'), 'ED25519'],
      [generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'EC secp384r1'],
      [generateKeyPairSync('rsa', { modulusLength: 1024 }), 'RSA 1024'],
    ] as const) {
      const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      const pem = createCsr({ commonName: 'web1', privateKeyPem: keys.privateKeyPem });
      const details = detailsOf('web1', pem, { ...csrOf({}), publicKeyPem }, undefined);
      expect(details).to.include({ key, challenge_password: null, refusal: null });
    }
  });

  it('knows names that are harmless in paths and arguments', () => {
    for (const name of ['a', '1', 'web1.example.net', 'a_b-c', 'a'.repeat(253)])
      expect(isCertname(name), name).to.equal(true);
    for (const name of ['', '.', '..', '-a', 'A', 'a/b', 'a b', 'a\n', 'a'.repeat(254)]) {
      expect(isCertname(name), name).to.equal(false);
    }
  });
});
