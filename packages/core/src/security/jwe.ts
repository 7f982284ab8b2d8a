import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { TroupeError } from '../errors.js';

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts with a key that both ends have: a JWE in compact form (RFC 7516) with `alg` dir and `enc` A256GCM. `kid` names
 * the key.
 */
export function encryptJwe(plaintext: Uint8Array, key: KeyObject, kid: string): string {
  const header = headerText(kid);
  const iv = randomBytes(ivBytes);
  const encryption = createCipheriv(cipher, key, iv, { authTagLength: tagBytes });
  encryption.setAAD(Buffer.from(header, 'latin1'));
  const ciphertext = Buffer.concat([encryption.update(plaintext), encryption.final()]);
  const parts = [iv, ciphertext, encryption.getAuthTag()].map((part) => part.toString('base64url'));
  return `${header}..${parts.join('.')}`;
}

/** What was encrypted. Throws SIGNATURE_INVALID if it is not a JWE of this kind for this key, or was altered. */
export function decryptJwe(jwe: string, key: KeyObject, kid: string): Uint8Array {
  try {
    const [header, none, ...parts] = jwe.split('.', 6);
    const [iv, ciphertext, tag] = parts.map(bytesOf);
    if (header !== headerText(kid) || none !== '' || !iv || !ciphertext || !tag || parts.length !== 3)
      throw new Error('it does not have the parts of a JWE with this header');
    if (iv.length !== ivBytes || tag.length !== tagBytes) throw new Error('it has another iv or tag');
    const decryption = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes });
    decryption.setAAD(Buffer.from(header, 'latin1'));
    decryption.setAuthTag(tag);
    return Buffer.concat([decryption.update(ciphertext), decryption.final()]);
  } catch (cause) {
    throw new TroupeError('SIGNATURE_INVALID', 'the encrypted part is damaged or altered', { cause });
  }
}

/** The id of the key that a JWE is encrypted with; nothing if its header is none of ours. Believe it after decryption only. */
export function kidOfJwe(jwe: string): string | undefined {
  try {
    const { kid } = JSON.parse(bytesOf(jwe.slice(0, jwe.indexOf('.'))).toString('utf8')) as { kid?: unknown };
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

// One text for each key: what differs from it by a blank or an order is refused.
function headerText(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid })).toString('base64url');
}

function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new Error('not base64url');
  return bytes;
}
