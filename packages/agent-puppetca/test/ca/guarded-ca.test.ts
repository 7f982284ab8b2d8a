import {
  type Ca as Authority,
  createCa,
  createCsr,
  generateKeyPair,
  issueCertificate,
  type KeyPair,
  sha256Fingerprint,
} from '@troupe/core/pki';
import { expect } from 'chai';
import { before, beforeEach, describe, it } from 'mocha';
import type { Backend } from '../../src/ca/backend.js';
import { type CertificateStatus, missing } from '../../src/ca/ca.js';
import { CaError } from '../../src/ca/error.js';
import { GuardedCa } from '../../src/ca/guarded-ca.js';
import { strictPolicy } from '../../src/ca/rules.js';

// What no real CA does, but a hostile or broken one might.
describe('rules around a CA that misbehaves', () => {
  let authority: Authority;
  let node: KeyPair;
  let other: KeyPair;
  let csr: string;
  let done: string[];
  let backend: Backend;

  before(async () => {
    [authority, node, other] = await Promise.all([
      createCa({ commonName: 'CA' }),
      generateKeyPair(),
      generateKeyPair(),
    ]);
    csr = createCsr({ commonName: 'web1', privateKeyPem: node.privateKeyPem });
  });

  beforeEach(() => {
    done = [];
    const status: CertificateStatus = {
      ...missing('web1'),
      state: 'requested',
      fingerprint: sha256Fingerprint(csr),
    };
    backend = {
      kind: 'http',
      ownNames: ['ca1'],
      caCertificate: async () => Buffer.from(authority.certificatePem),
      list: async () => [status],
      status: async () => status,
      request: async () => csr,
      certificate: async () => certificateFor(node),
      sign: async () => void done.push('sign'),
      revoke: async () => void done.push('revoke'),
      clean: async () => {
        done.push('clean');
        return { revoked: true, deleted: true };
      },
    };
  });

  const certificateFor = ({ publicKeyPem }: KeyPair) =>
    issueCertificate({ ca: authority, commonName: 'web1', publicKeyPem });
  const guarded = (changes: Partial<Backend> = {}) =>
    new GuardedCa(
      { ...backend, ...changes },
      { certname: 'ca1', address: '192.0.2.1', port: 8140 },
      { refuse: /\.mcollective$/, policy: strictPolicy },
    );

  async function failure(changes: Partial<Backend>): Promise<CaError> {
    const error = await guarded(changes)
      .sign('web1', sha256Fingerprint(csr))
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(error).to.be.instanceOf(CaError);
    return error as CaError;
  }

  it('lists by name, however the CA does', async () => {
    for (const names of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
      const list = async () => [...names].map((name) => missing(name));
      const found = await guarded({ list }).list();
      expect(found.map(({ certname }) => certname).join('')).to.equal('abc');
    }
  });

  it('signs where nothing is wrong', async () => {
    const { csr_fingerprint } = await guarded().sign('web1', sha256Fingerprint(csr));
    expect(csr_fingerprint).to.equal(sha256Fingerprint(csr));
    expect(done).to.deep.equal(['sign']);
  });

  it('takes back a certificate that was signed for another key', async () => {
    const error = await failure({ certificate: async () => certificateFor(other) });
    expect(error.code).to.equal('FINGERPRINT_MISMATCH');
    expect(error.message)
      .to.include(sha256Fingerprint(csr))
      .and.match(/it was revoked$/);
    expect(done).to.deep.equal(['sign', 'clean']);
  });

  it('does not trust the fingerprint that the CA tells: the request itself must have it', async () => {
    const planted = createCsr({ commonName: 'web1', privateKeyPem: other.privateKeyPem });
    const error = await failure({ request: async () => planted });
    expect(error.code).to.equal('FINGERPRINT_MISMATCH');
    expect(error.message).to.include(sha256Fingerprint(planted));
    expect(done).to.deep.equal([]);
  });

  it('does not sign where the CA sees another fingerprint than it hands out', async () => {
    const error = await failure({
      status: async () => ({ ...missing('web1'), state: 'requested', fingerprint: 'AA' }),
    });
    expect(error.code).to.equal('FINGERPRINT_MISMATCH');
    expect(done).to.deep.equal([]);
  });

  it('does not sign what the CA says has rights, though the request seems to have none', async () => {
    const status: CertificateStatus = {
      ...missing('web1'),
      state: 'requested',
      fingerprint: sha256Fingerprint(csr),
      authorization_extensions: { pp_auth_role: 'x' },
    };
    expect((await failure({ status: async () => status })).code).to.equal('REFUSED');
    expect(done).to.deep.equal([]);
  });

  for (const [what, request, code] of [
    ['a request that went away', undefined, 'NOT_FOUND'],
    [
      'a request for another name',
      () => createCsr({ commonName: 'web2', privateKeyPem: node.privateKeyPem }),
      'REFUSED',
    ],
  ] as const) {
    it(`does not sign ${what}`, async () => {
      const pem = request?.();
      const fingerprint = sha256Fingerprint(pem ?? csr);
      const status: CertificateStatus = { ...missing('web1'), state: 'requested', fingerprint };
      const error = await guarded({ request: async () => pem, status: async () => status })
        .sign('web1', fingerprint)
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(CaError).with.property('code', code);
      expect(done).to.deep.equal([]);
    });
  }

  it('says so when the CA signed and has nothing to show for it', async () => {
    expect((await failure({ certificate: async () => undefined })).code).to.equal('UNEXPECTED');
  });

  it('checks what was signed even if the caller goes away in that moment', async () => {
    const caller = new AbortController();
    const sign = async (_: string, signal?: AbortSignal) => {
      done.push('sign');
      caller.abort();
      signal?.throwIfAborted();
    };
    const certificate = async (_: string, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      return certificateFor(other);
    };
    const error = await guarded({ sign, certificate })
      .sign('web1', sha256Fingerprint(csr), caller.signal)
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CaError).with.property('code', 'FINGERPRINT_MISMATCH');
    expect(done).to.deep.equal(['sign', 'clean']);
  });

  it('rejects a request, and says what it was', async () => {
    const fingerprint = sha256Fingerprint(csr);
    expect(await guarded().reject('web1', fingerprint.toLowerCase())).to.deep.equal({ fingerprint });
    expect(done).to.deep.equal(['clean']);
  });

  for (const [what, changes, fingerprint, code] of [
    ['another request than is meant', {}, Array(32).fill('00').join(':'), 'FINGERPRINT_MISMATCH'],
    ['a certificate', { state: 'signed' }, undefined, 'CONFLICT'],
    ['what is not there', { state: 'missing', fingerprint: null }, undefined, 'NOT_FOUND'],
  ] as const) {
    it(`does not reject ${what}`, async () => {
      const status = async () => ({ ...(await backend.status('web1')), ...changes });
      const error = await guarded({ status })
        .reject('web1', fingerprint)
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(CaError).with.property('code', code);
      expect(done).to.deep.equal([]);
    });
  }

  it('cleans only what has the fingerprint that is given', async () => {
    const fingerprint = sha256Fingerprint(csr);
    const error = await guarded()
      .clean('web1', Array(32).fill('00').join(':'))
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CaError).with.property('code', 'FINGERPRINT_MISMATCH');
    expect(done).to.deep.equal([]);
    await guarded().clean('web1', fingerprint.toLowerCase());
    await guarded().clean('web1');
    expect(done).to.deep.equal(['clean', 'clean']);
  });

  it('neither cleans nor revokes another administrator of the CA', async () => {
    const status: CertificateStatus = {
      ...missing('ops'),
      state: 'signed',
      authorization_extensions: { pp_cli_auth: 'true' },
    };
    const ca = guarded({ status: async () => status });
    for (const attempt of [ca.clean('ops'), ca.revoke('ops')]) {
      const error = await attempt.catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(CaError).with.property('code', 'REFUSED');
    }
    expect(done).to.deep.equal([]);
  });
});
