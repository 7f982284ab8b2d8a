import type { CertificateState, CertificateStatus } from './ca.js';

/**
 * Access to a CA, without rules: GuardedCa decides which operations are permitted. Names have been validated.
 */
export interface Backend {
  readonly kind: 'http' | 'cli' | 'builtin';
  /** Names whose certificates the CA itself needs. */
  readonly ownNames: readonly string[];
  /** The bytes that nodes get from `GET certificate/ca`. */
  caCertificate(signal?: AbortSignal): Promise<Buffer>;
  list(state?: CertificateState, signal?: AbortSignal): Promise<CertificateStatus[]>;
  status(certname: string, signal?: AbortSignal): Promise<CertificateStatus>;
  /** The pending request in PEM. */
  request(certname: string, signal?: AbortSignal): Promise<string | undefined>;
  /** The certificate in PEM. */
  certificate(certname: string, signal?: AbortSignal): Promise<string | undefined>;
  sign(certname: string, signal?: AbortSignal): Promise<void>;
  /** Fails with NOT_FOUND, or CONFLICT if there is only a request. */
  revoke(certname: string, signal?: AbortSignal): Promise<void>;
  /** Revokes and deletes whatever there is of the name that had this status a moment ago. */
  clean(before: CertificateStatus, signal?: AbortSignal): Promise<{ revoked: boolean; deleted: boolean }>;
}
