import { createHash, createPublicKey } from 'node:crypto';
import { type Csr, readCertificate, readCsr, sha256Fingerprint } from '@troupe/core/pki';
import type { Backend } from './backend.js';
import type { Ca, CaInfo, CertificateState, CertificateStatus, Signature } from './ca.js';
import { CaError } from './error.js';
import { NameQueue } from './name-queue.js';
import { checkCertname, cliAuth, faultOf } from './rules.js';

/** Where nodes reach the CA. */
export interface Place {
  readonly certname: string;
  readonly address: string;
  readonly port: number;
}

/** Puts the rules around a way to speak to a CA: what is signed and cleaned, and one call for a name at a time. */
export class GuardedCa implements Ca {
  readonly #backend: Backend;
  readonly #place: Place;
  readonly #refuse: RegExp;
  readonly #queue = new NameQueue();

  /** `refuse`: names that are neither signed nor cleaned here, such as those of callers. */
  constructor(backend: Backend, place: Place, refuse: RegExp) {
    this.#backend = backend;
    this.#place = place;
    this.#refuse = refuse;
  }

  async info(signal?: AbortSignal): Promise<CaInfo> {
    const certificate = await this.#backend.caCertificate(signal);
    return {
      backend: this.#backend.kind,
      ...this.#place,
      ca_fingerprint: createHash('sha256').update(certificate).digest('hex'),
      ca_subject: readCertificate(certificate.toString()).subject,
    };
  }

  async list(state?: CertificateState, signal?: AbortSignal): Promise<CertificateStatus[]> {
    const found = await this.#backend.list(state, signal);
    return found.sort((a, b) => (a.certname < b.certname ? -1 : 1));
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

  async clean(certname: string, signal?: AbortSignal): Promise<{ revoked: boolean; deleted: boolean }> {
    checkCertname(certname);
    this.#checkRefused(certname, 'cleaned');
    return this.#queue.run(
      certname,
      async () => {
        const status = await this.#backend.status(certname, signal);
        this.#checkOwn(status, 'cleaned');
        return this.#backend.clean(status, signal);
      },
      signal,
    );
  }

  async #sign(certname: string, expected: string, signal: AbortSignal | undefined): Promise<Signature> {
    const csr = await this.#expectedRequest(certname, expected, signal);
    // From here on nobody cancels: once it is signed, it must be known whether it is the right one.
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
        `The certificate of ${certname} that the CA signed (${sha256Fingerprint(pem)}) has another key than the ` +
          `request ${expected}: it was revoked`,
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
    const status = await this.#backend.status(certname, signal);
    if (status.state === 'missing') {
      throw new CaError('NOT_FOUND', `The CA has no request of ${certname} to sign`);
    }
    if (status.state !== 'requested') {
      throw new CaError(
        'CONFLICT',
        `The CA has a ${status.state} certificate of ${certname} already: clean it first`,
      );
    }
    const pem = await this.#backend.request(certname, signal);
    if (pem === undefined) throw new CaError('NOT_FOUND', `The request of ${certname} went away meanwhile`);
    for (const actual of [status.fingerprint, sha256Fingerprint(pem)]) {
      if (actual === expected) continue;
      throw new CaError(
        'FINGERPRINT_MISMATCH',
        `The request of ${certname} at the CA has the fingerprint ${actual}, but ${expected} was expected: ` +
          'nothing was signed, somebody else may have made it',
      );
    }
    const csr = readCsr(pem);
    const rights = Object.keys(status.authorization_extensions);
    const fault =
      faultOf(certname, csr) ??
      (rights.length > 0 ? `the CA sees the authorization extension ${rights.join(', ')} in it` : undefined);
    if (fault) throw new CaError('REFUSED', `The request of ${certname} is not signed: ${fault}`);
    return csr;
  }

  #checkRefused(certname: string, done: string): void {
    if (!this.#refuse.test(certname)) return;
    throw new CaError(
      'REFUSED',
      `"${certname}" matches ${this.#refuse}: such names are never ${done} by this agent`,
    );
  }

  // A request that merely asks for the extension is somebody's try, and may go.
  #checkOwn(status: CertificateStatus, done: string): void {
    const { certname, state, authorization_extensions } = status;
    if (this.#backend.ownNames.includes(certname)) {
      throw new CaError('REFUSED', `"${certname}" is the CA's own server: its certificate is never ${done}`);
    }
    if (state !== 'requested' && cliAuth in authorization_extensions) {
      throw new CaError(
        'REFUSED',
        `"${certname}" may administer the CA (${cliAuth}): it is never ${done} by this agent`,
      );
    }
  }
}
