import type { X509Certificate } from 'node:crypto';
import { messageOf, TroupeError } from '../errors.js';
import {
  children,
  content,
  decode,
  type Element,
  isTagged,
  isTrue,
  malformed,
  oidOf,
  sequence,
} from '../pki/der.js';
import { onOneLine } from '../pki/name.js';
import { unsoundAlgorithmOf } from '../pki/signature.js';
import { algorithmOf } from './jws.js';

const oids = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
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

/** RFC 5280, 4.2: a certificate with a critical extension that is not understood is refused. Throws CERTIFICATE_INVALID. */
export function checkExtensions(certificate: X509Certificate): void {
  const strange = extensionsOf(certificate).find(
    ({ type, isCritical }) => isCritical && !understood.has(type),
  );
  if (strange)
    throw invalid(certificate, `has the critical extension ${strange.type}, which is not supported`);
}

/**
 * What a certificate needs to sign messages and to connect: it is not a CA, its key usage (RFC 5280, 4.2.1.3) has
 * digitalSignature, and its extended key usage clientAuth. Throws CERTIFICATE_INVALID.
 */
export function checkLeaf(certificate: X509Certificate): void {
  // X509Certificate.ca is false also for a CA that may not sign certificates.
  if (isTrue(children(basicConstraintsOf(certificate))[0]))
    throw invalid(
      certificate,
      'is a CA certificate, which must not sign messages or connect: use a certificate that the CA has issued',
    );
  const usage = extensionValue(certificate, oids.keyUsage);
  // The first byte counts the unused bits; digitalSignature is the first bit.
  if (usage && ((content(decode(usage))[1] ?? 0) & 0x80) === 0)
    throw invalid(
      certificate,
      'is not valid for digital signatures: issue one whose key usage has digitalSignature',
    );
  checkKey(certificate);
  checkPurpose(certificate, 'clientAuth');
}

/** Refuses a certificate with a key that signatures are not checked with. Throws CERTIFICATE_INVALID. */
export function checkKey(certificate: X509Certificate): void {
  try {
    algorithmOf(certificate.publicKey);
  } catch (cause) {
    throw invalid(certificate, `has an unsupported key: ${messageOf(cause)}`, { cause });
  }
}

const purposes = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;
const purposeNames: Readonly<Record<string, string>> = {
  [purposes.serverAuth]: 'serverAuth',
  [purposes.clientAuth]: 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
};

/**
 * RFC 5280, 4.2.1.12: a certificate whose extended key usage is limited serves only what it names; in a CA it limits
 * what the CA issues. As in OpenSSL, anyExtendedKeyUsage names nothing. Throws CERTIFICATE_INVALID.
 */
export function checkPurpose(certificate: X509Certificate, purpose: keyof typeof purposes): void {
  const usage = extensionValue(certificate, oids.extendedKeyUsage);
  if (!usage) return;
  const allowed = children(decode(usage)).map(oidOf);
  if (allowed.includes(purposes[purpose])) return;
  const names = allowed.map((oid) => purposeNames[oid] ?? oid).join(', ');
  throw invalid(
    certificate,
    `is not valid for ${purpose}, its extended key usage is ${names}: issue one with the extended key usage ${purpose}, or without any`,
  );
}

/** Refuses a certificate that is signed with SHA-1, MD5 or an algorithm that is not supported. Throws CERTIFICATE_INVALID. */
export function checkSignature(certificate: X509Certificate): void {
  const algorithm = unsoundAlgorithmOf(certificate.raw);
  if (algorithm !== undefined)
    throw invalid(
      certificate,
      `is signed with ${algorithm}, which is weak or not supported: issue it again with SHA-256, SHA-384 or SHA-512`,
    );
}

/** RFC 5280, 4.2.1.9: how many CAs may stand between this one and a leaf. Throws CERTIFICATE_INVALID when there are more. */
export function checkPathLength(ca: X509Certificate, between: number): void {
  const length = children(basicConstraintsOf(ca))[1];
  if (!length) return;
  const most = Number.parseInt(content(length).toString('hex'), 16);
  if (between > most) throw invalid(ca, `allows ${most} CAs below it, but the chain has ${between}`);
}

/** The extensions that say and limit names: the DER inside. Throws CERTIFICATE_INVALID. */
export function nameExtensionsOf(certificate: X509Certificate): {
  readonly altNames: Buffer | undefined;
  readonly constraints: Buffer | undefined;
} {
  return {
    altNames: extensionValue(certificate, oids.subjectAltName),
    constraints: extensionValue(certificate, oids.nameConstraints),
  };
}

function basicConstraintsOf(certificate: X509Certificate): Element {
  const value = extensionValue(certificate, oids.basicConstraints);
  return value ? decode(value) : sequence();
}

function extensionValue(certificate: X509Certificate, type: string): Buffer | undefined {
  return extensionsOf(certificate).find((extension) => extension.type === type)?.value;
}

// A CA is looked at for each certificate that it issued, and a leaf twice.
// no peer fills this: an entry lasts as long as its certificate
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
    const extensions = children(children(list)[0]).map((item) => {
      const parts = children(item);
      // DER leaves out what is not critical; a BOOLEAN that is there is true, except in certificates that are no DER.
      const isCritical = parts.length === 3 && content(parts[1])[0] !== 0;
      return { type: oidOf(parts[0]), isCritical, value: content(parts.at(-1)) };
    });
    if (new Set(extensions.map(({ type }) => type)).size < extensions.length)
      throw malformed('an extension occurs twice');
    return extensions;
  } catch (cause) {
    throw new TroupeError('CERTIFICATE_INVALID', 'the extensions of a certificate are malformed', { cause });
  }
}

/** The error of a certificate: its subject, and what is wrong with it. */
export function invalid(certificate: X509Certificate, message: string, options?: ErrorOptions): TroupeError {
  const subject = onOneLine(certificate.subject);
  return new TroupeError('CERTIFICATE_INVALID', `the certificate "${subject}" ${message}`, options);
}
