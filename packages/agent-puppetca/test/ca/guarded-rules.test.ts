import { createHash } from 'node:crypto';
import {
  type Ca as Authority,
  createCa,
  createCsr,
  generateEcKeyPair,
  issueCertificate,
  type KeyPair,
  readCertificate,
  sha256Fingerprint,
} from '@troupe/core/pki';
import { expect } from 'chai';
import { before, beforeEach, describe, it } from 'mocha';
import type { Backend } from '../../src/ca/backend.js';
import { type CertificateState, type CertificateStatus, missing } from '../../src/ca/ca.js';
import { CaError } from '../../src/ca/error.js';
import { GuardedCa } from '../../src/ca/guarded-ca.js';
import { strictPolicy } from '../../src/ca/rules.js';

describe('rules around a CA', () => {
  let authority: Authority;
  let node: KeyPair;
  let csr: string;
  let certificate: string;
  before(async () => {
    [authority, node] = await Promise.all([createCa({ commonName: 'CA' }), generateEcKeyPair()]);
    csr = createCsr({ commonName: 'web1', privateKeyPem: node.privateKeyPem, challengePassword: 'secret' });
    certificate = issueCertificate({ ca: authority, commonName: 'web1', publicKeyPem: node.publicKeyPem });
  });

  /** What the backend was asked, with the names it was asked for. */
  let calls: string[];
  let state: CertificateState;
  beforeEach(() => {
    calls = [];
    state = 'requested';
  });

  const statusOf = (certname: string): CertificateStatus => ({
    ...missing(certname),
    state,
    fingerprint: state === 'requested' ? sha256Fingerprint(csr) : state === 'missing' ? null : 'AA',
  });
  function guarded(changes: Partial<Backend> = {}): GuardedCa {
    const note = (call: string) => void calls.push(call);
    const backend: Backend = {
      kind: 'cli',
      ownNames: ['ca1', 'ca1-admin'],
      caCertificate: async () => Buffer.from(authority.certificatePem),
      list: async (wanted) => [statusOf('b'), statusOf('c'), statusOf('a'), statusOf(`${wanted}`)],
      status: async (certname) => statusOf(certname),
      request: async () => csr,
      certificate: async () => certificate,
      sign: async (certname) => note(`sign ${certname}`),
      revoke: async (certname) => note(`revoke ${certname}`),
      clean: async (before) => {
        note(`clean ${before.certname} ${before.state}`);
        return { revoked: false, deleted: true };
      },
      ...changes,
    };
    const place = { certname: 'ca1', address: '192.0.2.1', port: 8140 };
    return new GuardedCa(backend, place, { refuse: /\.mcollective$/, policy: strictPolicy });
  }
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'nothing was refused',
      (error: unknown) => (error instanceof CaError ? `${error.code}: ${error.message}` : String(error)),
    );

  it('tell where the CA is, and the digest of its certificate', async () => {
    expect(await guarded().info()).to.deep.equal({
      backend: 'cli',
      certname: 'ca1',
      address: '192.0.2.1',
      port: 8140,
      ca_fingerprint: createHash('sha256').update(authority.certificatePem).digest('hex'),
      ca_subject: 'CN=CA',
    });
  });

  it('list by name, in the state that is asked for', async () => {
    const names = (await guarded().list('signed')).map(({ certname }) => certname);
    expect(names).to.deep.equal(['a', 'b', 'c', 'signed']);
  });

  it('sign a request by its fingerprint, in capitals or not, and say what came of it', async () => {
    const fingerprint = sha256Fingerprint(csr);
    const { serialNumber, validTo } = readCertificate(certificate);
    expect(await guarded().sign('web1', fingerprint.toLowerCase())).to.deep.equal({
      fingerprint: sha256Fingerprint(certificate),
      csr_fingerprint: fingerprint,
      serial: serialNumber,
      not_after: new Date(validTo).toISOString(),
    });
    expect(calls).to.deep.equal(['sign web1']);
  });

  const all = {
    status: (ca: GuardedCa, name: string) => ca.status(name),
    sign: (ca: GuardedCa, name: string) => ca.sign(name, sha256Fingerprint(csr)),
    request: (ca: GuardedCa, name: string) => ca.request(name),
    reject: (ca: GuardedCa, name: string) => ca.reject(name),
    revoke: (ca: GuardedCa, name: string) => ca.revoke(name),
    clean: (ca: GuardedCa, name: string) => ca.clean(name),
  };

  for (const [action, run] of Object.entries(all)) {
    it(`let nobody ${action} a name that is a path`, async () => {
      expect(await refusal(run(guarded(), '../ca'))).to.match(
        /^CERTNAME_INVALID: Invalid certname "\.\.\/ca"/,
      );
      expect(calls).to.deep.equal([]);
    });
  }

  for (const [action, name, before, expected] of [
    ['sign', 'web1', 'missing', 'NOT_FOUND: Cannot sign web1: the CA has no request of that name'],
    [
      'sign',
      'web1',
      'signed',
      'CONFLICT: Cannot sign web1: the CA already has a signed certificate of that name; clean it first',
    ],
    [
      'sign',
      'web1',
      'revoked',
      'CONFLICT: Cannot sign web1: the CA already has a revoked certificate of that name; clean it first',
    ],
    [
      'sign',
      'a.mcollective',
      'requested',
      'REFUSED: "a.mcollective" matches /\\.mcollective$/ (plugins.puppetca.refuse): such names are never signed by this agent',
    ],
    ['request', 'web1', 'missing', 'NOT_FOUND: The CA has no pending request of web1'],
    ['request', 'web1', 'signed', 'NOT_FOUND: The CA has no pending request of web1'],
    [
      'reject',
      'web1',
      'missing',
      'NOT_FOUND: Cannot reject the request of web1: the CA has no request of that name',
    ],
    [
      'reject',
      'web1',
      'signed',
      'CONFLICT: Cannot reject the request of web1: the CA has a signed certificate of that name; clean it instead',
    ],
    [
      'reject',
      'web1',
      'revoked',
      'CONFLICT: Cannot reject the request of web1: the CA has a revoked certificate of that name; clean it instead',
    ],
    ['revoke', 'ca1', 'signed', 'REFUSED: "ca1" is the CA\'s own server: its certificate is never revoked'],
    [
      'clean',
      'ca1-admin',
      'requested',
      'REFUSED: "ca1-admin" is the CA\'s own server: its certificate is never cleaned',
    ],
    [
      'clean',
      'a.mcollective',
      'signed',
      'REFUSED: "a.mcollective" matches /\\.mcollective$/ (plugins.puppetca.refuse): such names are never cleaned by this agent',
    ],
  ] as const) {
    it(`do not ${action} ${name} that is ${before}`, async () => {
      state = before;
      expect(await refusal(all[action](guarded(), name))).to.equal(expected);
      expect(calls).to.deep.equal([]);
    });
  }

  it('do not reject a request of which the CA tells no fingerprint', async () => {
    const status = async () => ({ ...statusOf('web1'), fingerprint: null });
    expect(await refusal(guarded({ status }).reject('web1'))).to.equal(
      'NOT_FOUND: Cannot reject the request of web1: the CA has no request of that name',
    );
    expect(calls).to.deep.equal([]);
  });

  for (const [action, before, step] of [
    ['sign', 'requested', 'sign'],
    ['reject', 'requested', 'clean'],
    ['revoke', 'signed', 'revoke'],
    ['clean', 'signed', 'clean'],
  ] as const) {
    it(`pass on why the CA did not ${action}`, async () => {
      state = before;
      const failing = async () => {
        throw new CaError('TIMEOUT', 'it took too long');
      };
      expect(await refusal(all[action](guarded({ [step]: failing }), 'web1'))).to.equal(
        'TIMEOUT: it took too long',
      );
    });
  }

  it('pass on why a certificate for another key could not be taken back', async () => {
    const { publicKeyPem } = await generateEcKeyPair();
    const other = issueCertificate({ ca: authority, commonName: 'web1', publicKeyPem });
    const clean = async () => {
      throw new CaError('TIMEOUT', 'it took too long');
    };
    expect(await refusal(all.sign(guarded({ certificate: async () => other, clean }), 'web1'))).to.equal(
      'TIMEOUT: it took too long',
    );
  });

  it('revoke the certificate of a caller, which only its owner could want back', async () => {
    state = 'signed';
    expect(await guarded().revoke('a.mcollective')).to.deep.equal({ revoked: true });
    expect(calls).to.deep.equal(['revoke a.mcollective']);
  });

  it('do not ask for a revocation twice', async () => {
    state = 'revoked';
    expect(await guarded().revoke('web1')).to.deep.equal({ revoked: false });
    expect(calls).to.deep.equal([]);
  });

  it('clean what there was of a name a moment ago', async () => {
    for (const before of ['requested', 'signed', 'revoked', 'missing'] as const) {
      state = before;
      expect(await guarded().clean('web1')).to.deep.equal({ revoked: false, deleted: true });
    }
    expect(calls).to.deep.equal([
      'clean web1 requested',
      'clean web1 signed',
      'clean web1 revoked',
      'clean web1 missing',
    ]);
  });

  for (const action of ['revoke', 'clean'] as const) {
    it(`${action} a request that asks for rights over the CA, but no certificate that has them`, async () => {
      const status = async () => ({ ...statusOf('web1'), authorization_extensions: { pp_cli_auth: 'true' } });
      await all[action](guarded({ status }), 'web1');
      expect(calls).to.have.length(1);
      for (const before of ['signed', 'revoked'] as const) {
        state = before;
        expect(await refusal(all[action](guarded({ status }), 'web1'))).to.match(
          /^REFUSED: The certificate of "web1" may administer the CA \(pp_cli_auth\)/,
        );
      }
      expect(calls).to.have.length(1);
    });
  }

  it('tell all that a request asks for', async () => {
    expect(await guarded().request('web1')).to.deep.equal({
      certname: 'web1',
      fingerprint: sha256Fingerprint(csr),
      key: 'EC prime256v1',
      subject_alt_names: [],
      extensions: {},
      challenge_password: 'secret',
      refusal: null,
    });
    expect(await refusal(guarded({ request: async () => undefined }).request('web1'))).to.equal(
      'NOT_FOUND: The CA has no pending request of web1',
    );
  });

  it('tell why a request would not be signed', async () => {
    const refusalOf = async (name: string, changes: Partial<Backend> = {}) =>
      (await guarded(changes).request(name)).refusal;
    expect(await refusalOf('web2')).to.equal('its common name is "web1"');
    expect(await refusalOf('a.mcollective')).to.include('such names are never signed');
    const status = async () => ({
      ...statusOf('web1'),
      authorization_extensions: { pp_auth_role: 'x', pp_authorization: 'y' },
    });
    expect(await refusalOf('web1', { status })).to.equal(
      'the CA reports the authorization extension pp_auth_role, pp_authorization in it',
    );
  });

  it('find nothing wrong where the CA sees the same rights as the request, and the policy allows them', async () => {
    const asking = createCsr({
      commonName: 'web1',
      privateKeyPem: node.privateKeyPem,
      extensions: { '1.3.6.1.4.1.34380.1.3.13': 'x' },
    });
    const backend = {
      request: async () => asking,
      status: async () => ({ ...statusOf('web1'), authorization_extensions: { pp_auth_role: 'x' } }),
    } as unknown as Backend;
    const policy = { extensions: new Map([['pp_auth_role', /^x$/]]), altNames: [] };
    const ca = new GuardedCa(backend, { certname: 'ca1', address: 'a', port: 1 }, { refuse: /^$/, policy });
    expect((await ca.request('web1')).refusal).to.equal(null);
  });

  for (const action of ['sign', 'reject', 'revoke', 'clean'] as const) {
    it(`${action} nothing for whom has gone before it was its turn`, async () => {
      const gone = AbortSignal.abort(new Error('gone'));
      const runs = {
        sign: (ca: GuardedCa) => ca.sign('web1', sha256Fingerprint(csr), gone),
        reject: (ca: GuardedCa) => ca.reject('web1', undefined, gone),
        revoke: (ca: GuardedCa) => ca.revoke('web1', gone),
        clean: (ca: GuardedCa) => ca.clean('web1', undefined, gone),
      };
      expect(await refusal(runs[action](guarded()))).to.equal('Error: gone');
      expect(calls).to.deep.equal([]);
    });

    it(`${action} one thing after the other of a name`, async () => {
      let isBusy = false;
      const status = async (certname: string) => {
        expect(isBusy).to.equal(false);
        isBusy = true;
        await new Promise(setImmediate);
        isBusy = false;
        return statusOf(certname);
      };
      const ca = guarded({ status });
      await Promise.all([all[action](ca, 'web1'), all.clean(ca, 'web1')]);
    });
  }
});
