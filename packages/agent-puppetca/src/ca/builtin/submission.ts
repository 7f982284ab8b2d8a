import { type Csr, readCsr } from '@troupe/core/pki';
import type { CertificateState } from '../ca.js';
import { CaError } from '../error.js';
import { checkCertname, isCertname, subjectAltName } from '../rules.js';

// What Puppet's CA lets through to a certificate: names and roles that Puppet reads as trusted facts.
const trustedArcs = ['1.3.6.1.4.1.34380.1.1.', '1.3.6.1.4.1.34380.1.2.'];

/**
 * Checks a request that came in under a name, with the refusals of Puppet's CA; throws CONFLICT. The common name is
 * looked up only where it is harmless.
 */
export async function checkSubmission(
  certname: string,
  pem: string,
  stateOf: (certname: string) => Promise<CertificateState>,
): Promise<void> {
  const csr = read(pem);
  const name = csr.commonName;
  const state = isCertname(name) ? await stateOf(name) : 'missing';
  if (state !== 'missing') {
    throw new CaError('CONFLICT', `${name} already has a ${state} certificate; ignoring certificate request`);
  }
  if (name !== certname) {
    const shown = JSON.stringify(name.slice(0, 253));
    throw new CaError(
      'CONFLICT',
      `Instance name ${shown} does not match requested key ${JSON.stringify(certname)}`,
    );
  }
  if (name !== name.toLowerCase()) throw new CaError('CONFLICT', 'Certificate names must be lower case.');
  checkCertname(name);
  if (!csr.isSignatureValid) {
    throw new CaError('CONFLICT', 'The signature of the certificate request does not match its key.');
  }
}

/** Those extensions of a request that go into the certificate; throws CONFLICT where it asks for others. */
export function trustedExtensions(csr: Csr): Record<string, string> {
  const isTrusted = (oid: string) => trustedArcs.some((arc) => oid.startsWith(arc));
  const others = csr.extensionOids.filter((oid) => !isTrusted(oid) && oid !== subjectAltName);
  if (others.length > 0) {
    throw new CaError('CONFLICT', `Found extensions that are not permitted: ${others.join(', ')}`);
  }
  return Object.fromEntries(Object.entries(csr.extensions).filter(([oid]) => isTrusted(oid)));
}

/** The names that go into the certificate of a request; throws CONFLICT where it asks for those of another kind. */
export function altNames(certname: string, csr: Csr): { dnsNames: string[]; ipAddresses: string[] } {
  const of = (kind: string) =>
    csr.subjectAltNames.flatMap((name) => (name.startsWith(kind) ? [name.slice(kind.length)] : []));
  const [dns, ipAddresses] = [of('DNS:'), of('IP:')];
  if (dns.length + ipAddresses.length < csr.subjectAltNames.length) {
    const others = csr.subjectAltNames.filter((name) => !/^(DNS|IP):/.test(name));
    throw new CaError('CONFLICT', `Found alternative names that are not permitted: ${others.join(', ')}`);
  }
  return { dnsNames: [...new Set([certname, ...dns])], ipAddresses };
}

function read(pem: string): Csr {
  try {
    return readCsr(pem);
  } catch (cause) {
    throw new CaError('CONFLICT', 'The body is not a certificate request in PEM.', { cause });
  }
}
