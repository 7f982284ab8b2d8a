import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';
import { TroupeError } from '../errors.js';
import {
  bits,
  bitsOf,
  children,
  decode,
  type Element,
  empty,
  encode,
  oid,
  oidOf,
  sequence,
  signedPart,
} from './der.js';

// SHA-1 and MD5 are left out on purpose.
const algorithms: Readonly<Record<string, { type: string; hash: string | null }>> = {
  '1.2.840.113549.1.1.11': { type: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { type: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { type: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { type: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { type: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { type: 'ec', hash: 'sha512' },
  '1.3.101.112': { type: 'ed25519', hash: null },
};

const weakNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
};

/** The algorithm of the signature on a certificate, CSR or CRL if it is weak or not supported: its name or OID. */
export function unsoundAlgorithmOf(der: Buffer): string | undefined {
  const dotted = oidOf(children(children(decode(der))[1])[0]);
  return Object.hasOwn(algorithms, dotted) ? undefined : (weakNames[dotted] ?? dotted);
}

/** The AlgorithmIdentifier with which this key signs. */
export function algorithmOf(key: KeyObject): Element {
  const found = Object.entries(algorithms).find(([, { type }]) => type === key.asymmetricKeyType);
  if (!found) {
    throw new TroupeError(
      'CERTIFICATE_INVALID',
      `keys of type ${key.asymmetricKeyType} are not supported for signing`,
    );
  }
  return identifier(found[0]);
}

// RFC 4055 §5: RSA has a NULL parameter; the others have none.
function identifier(algorithm: string): Element {
  const isRsa = algorithms[algorithm]?.type === 'rsa';
  return sequence(oid(algorithm), ...(isRsa ? [empty()] : []));
}

/** Signs: the sequence of part, algorithm and signature that certificates, CSRs and CRLs are. */
export function signed(part: Element, key: KeyObject): Buffer {
  const algorithm = algorithmOf(key);
  const hash = algorithms[oidOf(children(algorithm)[0])]?.hash ?? null;
  return encode(sequence(part, algorithm, bits(sign(hash, encode(part), key))));
}

export function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new TroupeError('CERTIFICATE_INVALID', 'the private key is not valid PEM', { cause });
  }
}

/** Whether `key` signed this certificate, CSR or CRL; an algorithm that is not known counts as no. */
export function isSignedBy(der: Buffer, key: KeyObject): boolean {
  const [, algorithm, signature] = children(decode(der));
  const dotted = oidOf(children(algorithm)[0]);
  const known = algorithms[dotted];
  if (!algorithm || !known || known.type !== key.asymmetricKeyType) return false;
  // The signature does not cover this part: nothing else may stand there.
  if (!encode(algorithm).equals(encode(identifier(dotted)))) return false;
  return verify(known.hash, signedPart(der), key, bitsOf(signature));
}
