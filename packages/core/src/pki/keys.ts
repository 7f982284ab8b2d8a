import { createHash, createPublicKey, generateKeyPair as generate, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { TroupeError } from '../errors.js';
import { bitsOf, children, decode } from './der.js';

export interface KeyPair {
  /** PKCS#8 */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo */
  readonly publicKeyPem: string;
}

/** Makes an RSA key pair off the event loop. */
export async function generateKeyPair(bits = 2048): Promise<KeyPair> {
  const pair = await promisify(generate)('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { privateKeyPem: pair.privateKey, publicKeyPem: pair.publicKey };
}

/** Makes a key pair on the curve P-256, which Puppet calls prime256v1. */
export async function generateEcKeyPair(): Promise<KeyPair> {
  const pair = await promisify(generate)('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { privateKeyPem: pair.privateKey, publicKeyPem: pair.publicKey };
}

/** Reads a public key from a public or private key in PEM; throws CERTIFICATE_INVALID. */
export function readPublicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new TroupeError('CERTIFICATE_INVALID', 'the key is not valid PEM', { cause });
  }
}

export function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** RFC 5280 §4.2.1.2, method 1. */
export function keyIdentifier(key: KeyObject): Buffer {
  const [, publicKey] = children(decode(spkiOf(key)));
  return createHash('sha1').update(bitsOf(publicKey)).digest();
}
