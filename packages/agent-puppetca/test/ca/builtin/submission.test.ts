import { createCsr, generateEcKeyPair, readCsr } from '@troupe/core/pki';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { altNames, checkSubmission, trustedExtensions } from '../../../src/ca/builtin/submission.js';
import type { CertificateState } from '../../../src/ca/ca.js';

describe('a request that a node submits', () => {
  let privateKeyPem: string;
  before(async () => {
    ({ privateKeyPem } = await generateEcKeyPair());
  });

  const csrOf = (commonName: string) => createCsr({ commonName, privateKeyPem });
  /** Why it is refused, and which names were looked up. */
  async function check(certname: string, pem: string, state: CertificateState = 'missing') {
    const asked: string[] = [];
    const refusal: unknown = await checkSubmission(certname, pem, async (name) => {
      asked.push(name);
      return state;
    }).then(
      () => undefined,
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );
    return { refusal, asked };
  }

  it('is accepted under its own common name', async () => {
    expect(await check('web1.lab', csrOf('web1.lab'))).to.deep.equal({
      refusal: undefined,
      asked: ['web1.lab'],
    });
  });

  for (const state of ['requested', 'signed', 'revoked'] as const) {
    it(`is refused for a name that is ${state}, even under another`, async () => {
      for (const certname of ['web1', 'web2'])
        expect((await check(certname, csrOf('web1'), state)).refusal).to.equal(
          `CONFLICT: web1 already has a ${state} certificate; ignoring certificate request`,
        );
    });
  }

  for (const [what, certname, commonName, refusal, asked] of [
    [
      'another name',
      'web1',
      'web2',
      'CONFLICT: Instance name "web2" does not match requested key "web1"',
      ['web2'],
    ],
    [
      'a long other name',
      'web1',
      'X'.repeat(300),
      `CONFLICT: Instance name "${'X'.repeat(253)}" does not match requested key "web1"`,
      [],
    ],
    ['capital letters', 'Web1', 'Web1', 'CONFLICT: Certificate names must be lower case.', []],
    [
      'a name that is a path',
      '../a',
      '../a',
      'CERTNAME_INVALID: Invalid certname "../a": use a-z, 0-9, ".", "_" and "-"',
      [],
    ],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      expect(await check(certname, csrOf(commonName))).to.deep.equal({ refusal, asked });
    });
  }

  it('is refused when it is none', async () => {
    expect((await check('web1', 'nonsense')).refusal).to.equal(
      'CONFLICT: The body is not a certificate request in PEM.',
    );
  });

  const asking = (parts: object) => ({ ...readCsr(csrOf('web1')), ...parts });
  const [role, own, cliAuth, altName] = [
    '1.3.6.1.4.1.34380.1.1.13',
    '1.3.6.1.4.1.34380.1.2.7',
    '1.3.6.1.4.1.34380.1.3.39',
    '2.5.29.17',
  ];

  it("passes on Puppet's trusted extensions, without the alternative names", () => {
    const extensions = { [role]: 'web', [own]: 'x', [altName]: 'y' };
    expect(trustedExtensions(asking({ extensions, extensionOids: [role, own, altName] }))).to.deep.equal({
      [role]: 'web',
      [own]: 'x',
    });
  });

  for (const oid of [cliAuth, '1.2.3.4', '1.3.6.1.4.1.34380.1.13', `1.${role}`]) {
    it(`is refused with the extension ${oid}`, () => {
      expect(() => trustedExtensions(asking({ extensions: {}, extensionOids: [role, oid] })))
        .to.throw(`Found extensions that are not permitted: ${oid}`)
        .with.property('code', 'CONFLICT');
    });
  }

  it('passes on names and addresses, its own name first and once', () => {
    expect(altNames('web1', asking({ subjectAltNames: [] }))).to.deep.equal({
      dnsNames: ['web1'],
      ipAddresses: [],
    });
    expect(
      altNames('web1', asking({ subjectAltNames: ['DNS:a', 'IP:192.0.2.1', 'DNS:web1', 'DNS:a'] })),
    ).to.deep.equal({ dnsNames: ['web1', 'a'], ipAddresses: ['192.0.2.1'] });
  });

  it('is refused with alternative names of another kind', () => {
    const subjectAltNames = ['DNS:a', 'email:x@example.net', 'IP:192.0.2.1', 'URI:https://x'];
    expect(() => altNames('web1', asking({ subjectAltNames })))
      .to.throw('Found alternative names that are not permitted: email:x@example.net, URI:https://x')
      .with.property('code', 'CONFLICT');
  });
});
