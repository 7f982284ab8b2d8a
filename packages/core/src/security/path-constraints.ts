import type { X509Certificate } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { children, content, decode, isTagged, oidOf } from '../pki/der.js';

const oids = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
} as const;
const understood = new Set<string>(Object.values(oids));

interface Extension {
  readonly type: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** RFC 5280, 4.2: a certificate with a critical extension that is not understood, such as name constraints, is refused. Throws CERTIFICATE_INVALID. */
export function checkExtensions(certificate: X509Certificate): void {
  const strange = extensionsOf(certificate).find(
    ({ type, isCritical }) => isCritical && !understood.has(type),
  );
  if (strange)
    throw invalid(certificate, `has the critical extension ${strange.type}, which is not supported`);
}

/** RFC 5280, 4.2.1.3: a key whose use is limited signs messages only where that is one of its uses. Throws CERTIFICATE_INVALID. */
export function checkMaySign(certificate: X509Certificate): void {
  const usage = extensionsOf(certificate).find(({ type }) => type === oids.keyUsage);
  // The first byte counts the unused bits; digitalSignature is the first bit.
  if (usage && ((content(decode(usage.value))[1] ?? 0) & 0x80) === 0)
    throw invalid(certificate, 'is not valid for digital signatures');
}

/** RFC 5280, 4.2.1.9: how many CAs may stand between this one and a leaf. Throws CERTIFICATE_INVALID when there are more. */
export function checkPathLength(ca: X509Certificate, between: number): void {
  const constraints = extensionsOf(ca).find(({ type }) => type === oids.basicConstraints);
  const [, length] = constraints ? children(decode(constraints.value)) : [];
  if (!length) return;
  const most = Number.parseInt(content(length).toString('hex'), 16);
  if (between > most) throw invalid(ca, `allows ${most} CAs below it, but the chain has ${between}`);
}

// A CA is looked at for each certificate that it issued, and a leaf twice.
const read = new WeakMap<X509Certificate, readonly Extension[]>();

function extensionsOf(certificate: X509Certificate): readonly Extension[] {
  const known = read.get(certificate);
  if (known) return known;
  const extensions = readExtensions(certificate);
  read.set(certificate, extensions);
  return extensions;
}

function readExtensions(certificate: X509Certificate): Extension[] {
  try {
    const part = children(decode(certificate.raw))[0];
    const list = children(part).find((field) => isTagged(field, 3));
    if (!list) return [];
    return children(children(list)[0]).map((item) => {
      const parts = children(item);
      // DER leaves out what is not critical; a BOOLEAN that is there is true, except in certificates that are no DER.
      const isCritical = parts.length === 3 && content(parts[1])[0] !== 0;
      return { type: oidOf(parts[0]), isCritical, value: content(parts.at(-1)) };
    });
  } catch (cause) {
    throw new TroupeError('CERTIFICATE_INVALID', 'the extensions of a certificate are malformed', { cause });
  }
}

function invalid(certificate: X509Certificate, message: string): TroupeError {
  const subject = certificate.subject.replaceAll('\n', ', ');
  return new TroupeError('CERTIFICATE_INVALID', `the certificate "${subject}" ${message}`);
}
