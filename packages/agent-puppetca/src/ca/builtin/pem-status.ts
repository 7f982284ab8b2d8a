import { readCertificate, readCsr, readExtensions, sha256Fingerprint } from '@troupe/core/pki';
import type { CertificateStatus } from '../ca.js';
import { authorizationExtensions } from '../extension-names.js';

/** Describes a pending request. */
export function statusOfRequest(certname: string, pem: string): CertificateStatus {
  const csr = readCsr(pem);
  return {
    certname,
    state: 'requested',
    fingerprint: sha256Fingerprint(pem),
    serial: null,
    not_before: null,
    not_after: null,
    subject_alt_names: [...csr.subjectAltNames],
    authorization_extensions: authorizationExtensions(csr.extensions),
  };
}

/** Describes a certificate; `isRevoked` is asked with its serial number. */
export function statusOfCertificate(
  certname: string,
  pem: string,
  isRevoked: (serial: string) => boolean,
): CertificateStatus {
  const certificate = readCertificate(pem);
  return {
    certname,
    state: isRevoked(certificate.serialNumber) ? 'revoked' : 'signed',
    fingerprint: sha256Fingerprint(pem),
    serial: certificate.serialNumber,
    not_before: new Date(certificate.validFrom).toISOString(),
    not_after: new Date(certificate.validTo).toISOString(),
    subject_alt_names: (certificate.subjectAltName ?? '')
      .split(', ')
      .filter((name) => name !== '')
      .map((name) => name.replace(/^IP Address:/, 'IP:')),
    authorization_extensions: authorizationExtensions(readExtensions(pem)),
  };
}
