import { createPublicKey } from 'node:crypto';
import { TroupeError } from '../errors.js';
import {
  children,
  decode,
  type Element,
  encode,
  integer,
  isTagged,
  malformed,
  oid,
  oidOf,
  sequence,
  set,
  tagged,
  textOf,
  utf8,
} from './der.js';
import {
  altNamesOf,
  extension,
  extensionOid,
  extensionsOf,
  extensionText,
  subjectAltName,
} from './extensions.js';
import { spkiOf } from './keys.js';
import { commonNameOf, nameOf } from './name.js';
import { fromPem, toPem } from './pem.js';
import { isSignedBy, readPrivateKey, signed } from './signature.js';

const challengePasswordOid = '1.2.840.113549.1.9.7';
// PKCS#9, and Microsoft's, which Puppet reads too.
const extensionRequestOids = ['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'];

/** A certificate signing request in PEM; the same key and names give the same bytes (RSA). */
export function createCsr(options: {
  commonName: string;
  privateKeyPem: string;
  challengePassword?: string;
  /** Extensions to ask for, by OID; the values as text, as Puppet's own have them. */
  extensions?: Readonly<Record<string, string>>;
  /** Alternative names to ask for; Puppet's CA refuses them by default. */
  dnsNames?: readonly string[];
}): string {
  const key = readPrivateKey(options.privateKeyPem);
  const requested = Object.entries(options.extensions ?? {}).map(([type, text]) =>
    extension(type, utf8(text)),
  );
  if (options.dnsNames?.length) requested.push(subjectAltName(options.dnsNames, []));
  const attributes: Element[] = [];
  if (options.challengePassword !== undefined) {
    attributes.push(sequence(oid(challengePasswordOid), set(utf8(options.challengePassword))));
  }
  if (requested.length > 0) {
    attributes.push(sequence(oid('1.2.840.113549.1.9.14'), set(sequence(...requested))));
  }
  const info = sequence(
    integer('0'),
    nameOf(options.commonName),
    decode(spkiOf(createPublicKey(key))),
    tagged(0, attributes),
  );
  return toPem('CERTIFICATE REQUEST', signed(info, key));
}

/** What a certificate signing request asks for. */
export interface Csr {
  readonly commonName: string;
  readonly publicKeyPem: string;
  /** As OpenSSL writes them: `DNS:web1.example.net`, `IP:192.0.2.1`. */
  readonly subjectAltNames: readonly string[];
  readonly extensionOids: readonly string[];
  /** The values of the extensions by OID: their text, or base64 of the DER where they hold none. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly challengePassword?: string;
  /** Whether the requester holds the private key. */
  readonly isSignatureValid: boolean;
}

/** Reads a certificate signing request in PEM; throws CERTIFICATE_INVALID. */
export function readCsr(pem: string): Csr {
  const der = fromPem(pem, 'CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST');
  try {
    return read(der);
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause;
    throw new TroupeError('CERTIFICATE_INVALID', 'the signing request is malformed', { cause });
  }
}

function read(der: Buffer): Csr {
  const [, subject, publicKeyInfo, attributes] = children(children(decode(der))[0]);
  const commonName = commonNameOf(subject);
  if (!commonName) throw new TroupeError('CERTIFICATE_INVALID', 'the signing request has no common name');
  const publicKey = createPublicKey({
    key: encode(publicKeyInfo ?? sequence()),
    format: 'der',
    type: 'spki',
  });

  const requested = new Map<string, Buffer>();
  let challengePassword: string | undefined;
  for (const attribute of isTagged(attributes, 0) ? children(attributes) : []) {
    const [type, values] = children(attribute);
    if (oidOf(type) === challengePasswordOid) challengePassword = textOf(children(values)[0]);
    if (!extensionRequestOids.includes(oidOf(type))) continue;
    for (const list of children(values)) {
      for (const [found, value] of extensionsOf(list)) {
        if (requested.has(found)) throw malformed(`extension ${found} occurs twice`);
        requested.set(found, value);
      }
    }
  }
  const altNames = requested.get(extensionOid.subjectAltName);
  return {
    commonName,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    subjectAltNames: altNames ? altNamesOf(altNames) : [],
    extensionOids: [...requested.keys()],
    extensions: Object.fromEntries(Array.from(requested, ([type, value]) => [type, extensionText(value)])),
    ...(challengePassword === undefined ? {} : { challengePassword }),
    isSignatureValid: isSignedBy(der, publicKey),
  };
}
