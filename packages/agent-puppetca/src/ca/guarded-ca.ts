import { createHash, createPublicKey } from 'node:crypto';
import { KeyedSerial } from '@troupe/core/async';
import { naturalOrder } from '@troupe/core/internal';
import { type Csr, readCertificate, readCsr, sha256Fingerprint } from '@troupe/core/pki';
import type { Backend } from './backend.js';
import type { Ca, CaInfo, CertificateState, CertificateStatus, RequestDetails, Signature } from './ca.js';
import { CaError } from './error.js';
import { byName, cliAuth } from './extension-names.js';
import { detailsOf } from './request-details.js';
import { checkCertname, faultOf, type SigningPolicy } from './rules.js';
import { checkServed } from './served.js';

/** Where nodes connect to the CA. */
export interface Place {
  readonly certname: string;
  readonly address: string;
  readonly port: number;
  /** The CA replies without the server to which nodes connect: whether that runs is checked separately. */
  readonly isApart?: boolean;
}

/** Enforces the rules on a CA backend: what may be signed and cleaned, and one call for a name at a time. */
export class GuardedCa implements Ca {
  readonly #backend: Backend;
  readonly #place: Place;
  readonly #refuse: RegExp;
  readonly #policy: SigningPolicy;
  readonly #queue = new KeyedSerial();

  /** `refuse`: names that are neither signed nor cleaned here, such as those of callers. */
  constructor(backend: Backend, place: Place, rules: { refuse: RegExp; policy: SigningPolicy }) {
    this.#backend = backend;
    this.#place = place;
    this.#refuse = rules.refuse;
    this.#policy = rules.policy;
  }

  async info(signal?: AbortSignal): Promise<CaInfo> {
    const { isApart, ...place } = this.#place;
    const [certificate] = await Promise.all([
      this.#backend.caCertificate(signal),
      isApart ? checkServed(place) : undefined,
    ]);
    return {
      backend: this.#backend.kind,
      ...place,
      ca_fingerprint: createHash('sha256').update(certificate).digest('hex'),
      ca_subject: readCertificate(certificate.toString()).subject,
    };
  }

  async list(state?: CertificateState, signal?: AbortSignal): Promise<CertificateStatus[]> {
    const found = await this.#backend.list(state, signal);
    return found.sort((a, b) => naturalOrder(a.certname, b.certname));
  }

  async status(certname: string, signal?: AbortSignal): Promise<CertificateStatus> {
    checkCertname(certname);
    return this.#backend.status(certname, signal);
  }

  async sign(certname: string, fingerprint: string, signal?: AbortSignal): Promise<Signature> {
    checkCertname(certname);
    this.#checkRefused(certname, 'signed');
    return this.#queue.run(certname, () => this.#sign(certname, fingerprint.toUpperCase(), signal), signal);
  }

  async request(certname: string, signal?: AbortSignal): Promise<RequestDetails> {
    checkCertname(certname);
    const status = await this.#backend.status(certname, signal);
    const pem = await this.#backend.request(certname, signal);
    if (status.state !== 'requested' || pem === undefined) {
      throw new CaError('NOT_FOUND', `The CA has no pending request of ${certname}`);
    }
    const csr = readCsr(pem);
    return detailsOf(certname, pem, csr, this.#ruleAgainst(certname, 'signed') ?? this.#faultOf(csr, status));
  }

  async reject(
    certname: string,
    fingerprint?: string,
    signal?: AbortSignal,
  ): Promise<{ fingerprint: string }> {
    checkCertname(certname);
    return this.#queue.run(
      certname,
      async () => {
        const status = await this.#backend.status(certname, signal);
        if (status.state === 'missing' || status.fingerprint === null) {
          throw new CaError(
            'NOT_FOUND',
            `Cannot reject the request of ${certname}: the CA has no request of that name`,
          );
        }
        if (status.state !== 'requested') {
          throw new CaError(
            'CONFLICT',
            `Cannot reject the request of ${certname}: the CA has a ${status.state} certificate of that name; clean it instead`,
          );
        }
        if (fingerprint !== undefined && fingerprint.toUpperCase() !== status.fingerprint) {
          throw mismatch(certname, status.fingerprint, fingerprint.toUpperCase(), 'nothing was rejected');
        }
        // If another administrator signs it at this very moment, the certificate is revoked too.
        await this.#backend.clean(status, signal);
        return { fingerprint: status.fingerprint };
      },
      signal,
    );
  }

  async revoke(certname: string, signal?: AbortSignal): Promise<{ revoked: boolean }> {
    checkCertname(certname);
    return this.#queue.run(
      certname,
      async () => {
        const status = await this.#backend.status(certname, signal);
        this.#checkOwn(status, 'revoked');
        if (status.state === 'revoked') return { revoked: false };
        await this.#backend.revoke(certname, signal);
        return { revoked: true };
      },
      signal,
    );
  }

  async clean(
    certname: string,
    fingerprint?: string,
    signal?: AbortSignal,
  ): Promise<{ revoked: boolean; deleted: boolean }> {
    checkCertname(certname);
    this.#checkRefused(certname, 'cleaned');
    return this.#queue.run(
      certname,
      async () => {
        const status = await this.#backend.status(certname, signal);
        this.#checkOwn(status, 'cleaned');
        const expected = fingerprint?.toUpperCase();
        if (expected !== undefined && status.fingerprint !== null && status.fingerprint !== expected) {
          throw new CaError(
            'FINGERPRINT_MISMATCH',
            `The CA has ${status.fingerprint} for ${certname} (${status.state}), but ${expected} was expected: nothing was cleaned`,
          );
        }
        return this.#backend.clean(status, signal);
      },
      signal,
    );
  }

  async #sign(certname: string, expected: string, signal: AbortSignal | undefined): Promise<Signature> {
    const csr = await this.#expectedRequest(certname, expected, signal);
    // From here on there is no cancelling: once it is signed, it must be known whether it is the right one.
    await this.#backend.sign(certname);
    const pem = await this.#backend.certificate(certname);
    if (pem === undefined) {
      throw new CaError('UNEXPECTED', `The CA signed ${certname} but has no certificate of that name`);
    }
    const certificate = readCertificate(pem);
    if (!createPublicKey(csr.publicKeyPem).equals(certificate.publicKey)) {
      await this.#backend.clean(await this.#backend.status(certname));
      throw new CaError(
        'FINGERPRINT_MISMATCH',
        `The certificate that the CA signed for ${certname} (${sha256Fingerprint(pem)}) has a different key than ` +
          `the request ${expected}: it was revoked`,
      );
    }
    return {
      fingerprint: sha256Fingerprint(pem),
      csr_fingerprint: expected,
      serial: certificate.serialNumber,
      not_after: new Date(certificate.validTo).toISOString(),
    };
  }

  async #expectedRequest(certname: string, expected: string, signal: AbortSignal | undefined): Promise<Csr> {
    // Both are checked against the same fingerprint, so it does not matter in which order they are read.
    const [status, pem] = await Promise.all([
      this.#backend.status(certname, signal),
      this.#backend.request(certname, signal),
    ]);
    if (status.state === 'missing') {
      throw new CaError('NOT_FOUND', `Cannot sign ${certname}: the CA has no request of that name`);
    }
    if (status.state !== 'requested') {
      throw new CaError(
        'CONFLICT',
        `Cannot sign ${certname}: the CA already has a ${status.state} certificate of that name; clean it first`,
      );
    }
    if (pem === undefined)
      throw new CaError('NOT_FOUND', `Cannot sign ${certname}: the request was deleted in the meantime`);
    for (const actual of [status.fingerprint, sha256Fingerprint(pem)]) {
      if (actual === expected) continue;
      throw mismatch(
        certname,
        actual,
        expected,
        'nothing was signed; another host may have submitted the request',
      );
    }
    const csr = readCsr(pem);
    const fault = this.#faultOf(csr, status);
    if (fault) throw new CaError('REFUSED', `Refused to sign the request of ${certname}: ${fault}`);
    return csr;
  }

  #faultOf(csr: Csr, { certname, authorization_extensions }: CertificateStatus): string | undefined {
    const fault = faultOf(certname, csr, this.#policy);
    if (fault !== undefined) return fault;
    const asked = byName(csr.extensions);
    const unseen = Object.keys(authorization_extensions).filter((name) => !(name in asked));
    return unseen.length > 0
      ? `the CA reports the authorization extension ${unseen.join(', ')} in it`
      : undefined;
  }

  #checkRefused(certname: string, done: string): void {
    const rule = this.#ruleAgainst(certname, done);
    if (rule !== undefined) throw new CaError('REFUSED', rule);
  }

  #ruleAgainst(certname: string, done: string): string | undefined {
    if (!this.#refuse.test(certname)) return undefined;
    return `"${certname}" matches ${this.#refuse} (plugins.puppetca.refuse): such names are never ${done} by this agent`;
  }

  // A request that merely asks for the extension may be cleaned: it is not signed.
  #checkOwn(status: CertificateStatus, done: string): void {
    const { certname, state, authorization_extensions } = status;
    if (this.#backend.ownNames.includes(certname)) {
      throw new CaError('REFUSED', `"${certname}" is the CA's own server: its certificate is never ${done}`);
    }
    if (state !== 'requested' && cliAuth in authorization_extensions) {
      throw new CaError(
        'REFUSED',
        `The certificate of "${certname}" may administer the CA (${cliAuth}): it is never ${done} by this agent`,
      );
    }
  }
}

function mismatch(certname: string, actual: string | null, expected: string, consequence: string): CaError {
  return new CaError(
    'FINGERPRINT_MISMATCH',
    `The request of ${certname} at the CA has the fingerprint ${actual}, but ${expected} was expected: ${consequence}`,
  );
}
