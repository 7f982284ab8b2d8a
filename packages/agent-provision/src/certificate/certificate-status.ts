import { createPrivateKey, X509Certificate } from 'node:crypto';
import { systemReasonOf } from '@troupe/core/internal';
import { onOneLine, splitPem } from '@troupe/core/pki';
import type { SslFiles } from './ssl-files.js';

/** What is known about the host's certificate without asking its CA. */
export interface CertificateStatus {
  /** Whether there is a file: no proof of anything. */
  readonly exists: boolean;
  /** SHA-256 over the DER, as Puppet prints it. */
  readonly fingerprint: string | null;
  readonly issuer: string | null;
  /** ISO 8601 */
  readonly notAfter: string | null;
  readonly matchesKey: boolean;
  /** Whether a CA of the local `ca.pem` signed it. */
  readonly matchesCa: boolean;
  /** Whether the host finds nothing wrong with it; it may still be revoked. */
  readonly isUsable: boolean;
  /** Why it is not usable. */
  readonly reason: string | null;
}

const nothing = {
  exists: false,
  fingerprint: null,
  issuer: null,
  notAfter: null,
  matchesKey: false,
  matchesCa: false,
  isUsable: false,
};

/** Looks at the host's certificate, its key and the local CA bundle. */
export async function certificateStatus(files: SslFiles, now: number): Promise<CertificateStatus> {
  const pem = await files.read('hostcert');
  if (pem === undefined) return { ...nothing, reason: `${files.paths.hostcert} does not exist` };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    return {
      ...nothing,
      exists: true,
      reason: `cannot read ${files.paths.hostcert}: ${systemReasonOf(error)}`,
    };
  }
  const matchesKey = isOfKey(certificate, await files.read('hostprivkey'));
  const matchesCa = isSignedByOneOf(certificate, (await files.read('localcacert')) ?? '');
  const reasons = [
    ...(matchesKey ? [] : ['it does not match the private key']),
    ...(matchesCa ? [] : ['it is not signed by any CA in the local ca.pem']),
    ...(Date.parse(certificate.validFrom) > now ? [`it is not valid before ${certificate.validFrom}`] : []),
    ...(Date.parse(certificate.validTo) < now ? [`it expired at ${certificate.validTo}`] : []),
  ];
  return {
    exists: true,
    fingerprint: certificate.fingerprint256,
    issuer: onOneLine(certificate.issuer),
    notAfter: new Date(certificate.validTo).toISOString(),
    matchesKey,
    matchesCa,
    isUsable: reasons.length === 0,
    reason: reasons.length === 0 ? null : reasons.join('; '),
  };
}

function isOfKey(certificate: X509Certificate, keyPem: string | undefined): boolean {
  if (keyPem === undefined) return false;
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false; // A key that cannot be read matches nothing.
  }
}

function isSignedByOneOf(certificate: X509Certificate, bundle: string): boolean {
  return splitPem(bundle).some((pem) => {
    try {
      const ca = new X509Certificate(pem);
      return certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
    } catch {
      return false; // A CA that cannot be read signed nothing.
    }
  });
}
