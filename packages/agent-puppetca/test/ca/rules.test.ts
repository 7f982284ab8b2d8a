import { createCsr, generateKeyPair, type KeyPair, readCsr } from '@troupe/core/pki';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { authorizationExtensions, faultOf, isCertname } from '../../src/ca/rules.js';

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
    ['trusted facts', { extensions: { '1.3.6.1.4.1.34380.1.1.13': 'web' } }, undefined],
    ['its own name again', { dnsNames: ['web1'] }, undefined],
    ['another name', { commonName: 'web2' }, 'it is made out to "web2"'],
    ['alternative names', { dnsNames: ['web1', 'a', 'b'] }, 'it asks for the alternative names DNS:a, DNS:b'],
    [
      'rights on the server',
      { extensions: { '1.3.6.1.4.1.34380.1.3.39': 'true', '1.3.6.1.4.1.34380.1.3.99': 'x' } },
      'it asks for the authorization extension pp_cli_auth, 1.3.6.1.4.1.34380.1.3.99',
    ],
  ] as const) {
    it(`${fault === undefined ? 'accepts' : 'refuses'} ${what}`, () => {
      expect(faultOf('web1', csrOf(options))).to.equal(fault);
    });
  }

  it('refuses a request whose sender does not hold the key', () => {
    expect(faultOf('web1', { ...csrOf({}), isSignatureValid: false })).to.match(/signature/);
  });

  it("names Puppet's authorization extensions, and no others", () => {
    const extensions = {
      '1.3.6.1.4.1.34380.1.3.1': 'a',
      '1.3.6.1.4.1.34380.1.3.13': 'b',
      '1.3.6.1.4.1.34380.1.1.1': 'c',
    };
    expect(authorizationExtensions(extensions)).to.deep.equal({ pp_authorization: 'a', pp_auth_role: 'b' });
  });

  it('knows names that are harmless in paths and arguments', () => {
    for (const name of ['a', '1', 'web1.example.net', 'a_b-c', 'a'.repeat(253)])
      expect(isCertname(name), name).to.equal(true);
    for (const name of ['', '.', '..', '-a', 'A', 'a/b', 'a b', 'a\n', 'a'.repeat(254)]) {
      expect(isCertname(name), name).to.equal(false);
    }
  });
});
