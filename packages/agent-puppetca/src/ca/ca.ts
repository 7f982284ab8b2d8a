/** `missing`: the CA has neither a request nor a certificate of the name. */
export type CertificateState = 'requested' | 'signed' | 'revoked' | 'missing';

/** What a CA knows of a name; the names are those of Puppet's API and of the DDL. */
export interface CertificateStatus {
  certname: string;
  state: CertificateState;
  /** SHA-256 of the request while it waits, of the certificate afterwards: upper-case hex with colons. */
  fingerprint: string | null;
  /** Upper-case hex, as X509Certificate has it. */
  serial: string | null;
  /** ISO 8601 */
  not_before: string | null;
  not_after: string | null;
  /** `DNS:web1.example.net`, `IP:192.0.2.1` */
  subject_alt_names: string[];
  /** By Puppet's short names, such as `pp_cli_auth`. */
  authorization_extensions: Record<string, string>;
}

/** The status of a name without certificate and request. */
export function missing(certname: string): CertificateStatus {
  return {
    certname,
    state: 'missing',
    fingerprint: null,
    serial: null,
    not_before: null,
    not_after: null,
    subject_alt_names: [],
    authorization_extensions: {},
  };
}

/** Where nodes connect to a CA, and how they recognize it. */
export interface CaInfo {
  backend: string;
  /** The name of the Puppet Server that runs the CA. */
  certname: string;
  address: string;
  port: number;
  /** SHA-256 of the bytes that `GET certificate/ca` answers with, in lower-case hex. */
  ca_fingerprint: string;
  /** The subject of the certificate that signs. */
  ca_subject: string;
}

/** What was signed. */
export interface Signature {
  fingerprint: string;
  csr_fingerprint: string;
  serial: string;
  not_after: string;
}

/** What a pending request asks for: all that is needed to decide about it. */
export interface RequestDetails {
  certname: string;
  /** SHA-256, upper-case hex with colons. */
  fingerprint: string;
  /** Such as `RSA 2048` or `EC prime256v1`. */
  key: string;
  subject_alt_names: string[];
  /** By Puppet's short names, such as `pp_role`, or by OID. */
  extensions: Record<string, string>;
  /** The secret with which the requester can prove its identity; null if it sent none. */
  challenge_password: string | null;
  /** Why `sign` would refuse it, or null. */
  refusal: string | null;
}

/** A Puppet CA. What it refuses or fails to do is thrown as CaError. */
export interface Ca {
  info(signal?: AbortSignal): Promise<CaInfo>;
  list(state?: CertificateState, signal?: AbortSignal): Promise<CertificateStatus[]>;
  status(certname: string, signal?: AbortSignal): Promise<CertificateStatus>;
  /** Signs the request with this fingerprint, or nothing. */
  sign(certname: string, fingerprint: string, signal?: AbortSignal): Promise<Signature>;
  /** What the request of a name asks for. */
  request(certname: string, signal?: AbortSignal): Promise<RequestDetails>;
  /** Deletes a request that was not signed; only the one with this fingerprint where one is given. */
  reject(certname: string, fingerprint?: string, signal?: AbortSignal): Promise<{ fingerprint: string }>;
  /** Revokes the certificate and keeps its file; `revoked` is false where it was revoked before. */
  revoke(certname: string, signal?: AbortSignal): Promise<{ revoked: boolean }>;
  /**
   * Revokes the certificate, deletes certificate and request; does nothing where there is none. With a fingerprint,
   * only the certificate or request that has it.
   */
  clean(
    certname: string,
    fingerprint?: string,
    signal?: AbortSignal,
  ): Promise<{ revoked: boolean; deleted: boolean }>;
}
