import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { TroupeError } from '../errors.js';
import {
  children,
  content,
  decode,
  type Element,
  integer,
  isTagged,
  sequence,
  tagged,
  time,
  utf8,
} from './der.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extension,
  extensionOid,
  extensionsOf,
  extensionText,
  type KeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
  tlsUsage,
} from './extensions.js';
import { generateKeyPair, keyIdentifier, readPublicKey, spkiOf } from './keys.js';
import { nameOf } from './name.js';
import { fromPem, toPem } from './pem.js';
import { algorithmOf, readPrivateKey, signed } from './signature.js';

const dayMs = 86_400_000;

/** A CA that can issue: its certificate and key in PEM. */
export interface Ca {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Makes a self-signed CA with an RSA key; valid from a day ago, for 15 years unless `days` says otherwise. */
export async function createCa(options: { commonName: string; days?: number; bits?: number }): Promise<Ca> {
  const { privateKeyPem, publicKeyPem } = await generateKeyPair(options.bits);
  const publicKey = readPublicKey(publicKeyPem);
  const identifier = keyIdentifier(publicKey);
  const name = nameOf(options.commonName);
  const certificatePem = certificate({
    serial: randomSerial(),
    issuer: name,
    subject: name,
    publicKey,
    days: options.days ?? 15 * 365,
    signingKey: readPrivateKey(privateKeyPem),
    extensions: [
      basicConstraints(true),
      keyUsage('keyCertSign', 'cRLSign'),
      subjectKeyIdentifier(identifier),
      authorityKeyIdentifier(identifier),
    ],
  });
  return { certificatePem, privateKeyPem };
}

/**
 * Issues a certificate for both ends of TLS, valid from a day ago; 5 years unless `days` says otherwise
 * (a negative number makes one that is over). `serial` is hex; by default 127 random bits.
 */
export function issueCertificate(options: {
  ca: Ca;
  commonName: string;
  publicKeyPem: string;
  days?: number;
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  serial?: string;
  /** Further extensions by OID; the values as text, as Puppet's own have them. */
  extensions?: Readonly<Record<string, string>>;
}): string {
  const { ca, dnsNames = [], ipAddresses = [] } = options;
  const issuer = issuerOf(ca);
  const publicKey = readPublicKey(options.publicKeyPem);
  const usages: KeyUsage[] = ['digitalSignature'];
  if (publicKey.asymmetricKeyType === 'rsa') usages.push('keyEncipherment');
  return certificate({
    serial: options.serial ?? randomSerial(),
    issuer: issuer.name,
    subject: nameOf(options.commonName),
    publicKey,
    days: options.days ?? 5 * 365,
    signingKey: issuer.key,
    extensions: [
      basicConstraints(false),
      keyUsage(...usages),
      tlsUsage(),
      subjectKeyIdentifier(keyIdentifier(publicKey)),
      authorityKeyIdentifier(issuer.keyIdentifier),
      ...(dnsNames.length + ipAddresses.length > 0 ? [subjectAltName(dnsNames, ipAddresses)] : []),
      ...Object.entries(options.extensions ?? {}).map(([type, text]) => extension(type, utf8(text))),
    ],
  });
}

interface Issuer {
  readonly name: Element;
  readonly key: KeyObject;
  readonly keyIdentifier: Buffer;
}

// Reading a key takes longer than signing with it.
// no peer fills this: it holds CAs of this program
const issuers = new WeakMap<Ca, Issuer>();

/** What a CA puts into everything that it signs. */
export function issuerOf(ca: Ca): Issuer {
  const known = issuers.get(ca) ?? readIssuer(ca);
  issuers.set(ca, known);
  return known;
}

function readIssuer(ca: Ca): Issuer {
  const der = fromPem(ca.certificatePem, 'CERTIFICATE');
  const key = readPrivateKey(ca.privateKeyPem);
  if (!spkiOf(createPublicKey(key)).equals(spkiOf(readCertificate(ca.certificatePem).publicKey))) {
    throw new TroupeError('CERTIFICATE_INVALID', 'the private key of the CA does not match its certificate');
  }
  const own = certificateExtensions(der).get(extensionOid.subjectKeyIdentifier);
  return {
    name: subjectOf(der),
    key,
    keyIdentifier: own ? content(decode(own)) : keyIdentifier(createPublicKey(key)),
  };
}

/** Reads the first certificate of a PEM; throws CERTIFICATE_INVALID. */
export function readCertificate(pem: string): X509Certificate {
  const der = fromPem(pem, 'CERTIFICATE');
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new TroupeError('CERTIFICATE_INVALID', 'the certificate is malformed', { cause });
  }
}

/** The extensions of a certificate by OID: their text, or base64 of the DER where they hold none. */
export function readExtensions(pem: string): Readonly<Record<string, string>> {
  const found = certificateExtensions(fromPem(pem, 'CERTIFICATE'));
  return Object.fromEntries(Array.from(found, ([type, value]) => [type, extensionText(value)]));
}

/** The subject as it stands in a certificate. */
export function subjectOf(der: Buffer): Element {
  const fields = children(children(decode(der))[0]);
  // The version is optional: version 1 has none.
  const subject = fields[isTagged(fields[0], 0) ? 5 : 4];
  return sequence(...children(subject));
}

/** The extensions of a certificate by OID: the DER inside. */
function certificateExtensions(der: Buffer): Map<string, Buffer> {
  const list = children(children(decode(der))[0]).find((field) => isTagged(field, 3));
  return list ? extensionsOf(children(list)[0]) : new Map();
}

function randomSerial(): string {
  const bytes = randomBytes(16);
  // Positive, and of the same length always.
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('hex');
}

function certificate(options: {
  serial: string;
  issuer: Element;
  subject: Element;
  publicKey: KeyObject;
  days: number;
  signingKey: KeyObject;
  extensions: readonly Element[];
}): string {
  if (!/^[0-9a-f]{1,40}$/i.test(options.serial)) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `"${options.serial}" is not a serial number: use up to 40 hex digits`,
    );
  }
  const now = Date.now();
  const from = new Date(Math.min(now - dayMs, now + (options.days - 1) * dayMs));
  const part = sequence(
    tagged(0, [integer('2')]),
    integer(options.serial),
    algorithmOf(options.signingKey),
    options.issuer,
    sequence(time(from), time(new Date(now + options.days * dayMs))),
    options.subject,
    decode(spkiOf(options.publicKey)),
    tagged(3, [sequence(...options.extensions)]),
  );
  return toPem('CERTIFICATE', signed(part, options.signingKey));
}
