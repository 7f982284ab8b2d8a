import {
  checkServerIdentity as checkName,
  type DetailedPeerCertificate,
  type PeerCertificate,
} from 'node:tls';
import { type Crl, readCrl } from './crl.js';
import { onOneLine } from './name.js';
import { toPem } from './pem.js';

/**
 * A `checkServerIdentity` for `node:tls` that also refuses revoked certificates, by lists of one PEM each. The option `crl` of
 * `node:tls` would refuse every server as soon as one list is out of date; here the age of a list does not matter. Every CA
 * of the chain needs a list. Throws CERTIFICATE_INVALID if a list is malformed.
 */
export function checkRevocation(
  lists: readonly string[],
): (host: string, certificate: PeerCertificate) => Error | undefined {
  const read = lists.map(readCrl);
  return (host, certificate) => checkName(host, certificate) ?? revocationFault(certificate, read);
}

function revocationFault(peer: PeerCertificate, lists: readonly Crl[]): Error | undefined {
  // Not an endless chain: OpenSSL made it of certificates of which each issued the one before.
  for (let link = peer as DetailedPeerCertificate; ; link = link.issuerCertificate) {
    const issuer: DetailedPeerCertificate | undefined = link.issuerCertificate;
    if (!issuer || issuer === link) return undefined;
    const issuerPem = toPem('CERTIFICATE', issuer.raw);
    const own = lists.filter((list) => list.verify(issuerPem));
    if (own.length === 0)
      return coded('UNABLE_TO_GET_CRL', `no revocation list of the CA "${nameOf(issuer)}"`);
    if (own.some(({ revokedSerials }) => revokedSerials.has(link.serialNumber)))
      return coded('CERT_REVOKED', `the certificate "${nameOf(link)}" is revoked`);
  }
}

function nameOf({ subject }: PeerCertificate): string {
  const { CN } = subject as { readonly CN?: string | readonly string[] };
  return onOneLine(CN === undefined ? JSON.stringify(subject) : String(CN));
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
