// What the test vectors are made with, where the product takes random keys and IVs.
import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto';

export const sha256 = (data) => createHash('sha256').update(data).digest();

/** A private key of 32 bytes (RFC 8410), which are the hash of a text. */
export function keyOf(text, type) {
  const algorithm = type === 'x25519' ? '6e' : '70';
  const head = Buffer.from(`302e020100300506032b65${algorithm}04220420`, 'hex');
  const seed = sha256(`troupe test vector: ${text}`);
  return createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' });
}

export function privateJwk(key) {
  const { kty, crv, x, d } = key.export({ format: 'jwk' });
  return { kty, crv, x, d };
}

export function publicJwk(key) {
  const { kty, crv, x } = key.export({ format: 'jwk' });
  return { kty, crv, x };
}

/** What two ends agree on; each is its fingerprint and its X25519 key. */
export function sessionKeyOf(caller, node) {
  const parts = [caller, node].flatMap(({ fingerprint, session }) => [fingerprint, publicJwk(session).x]);
  const context = ['troupe session key 1', ...parts].join('\n');
  const publicKey = createPublicKey(node.session);
  const secret = diffieHellman({ privateKey: caller.session, publicKey });
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', context, 128));
  const names = ['messagesOfCaller', 'messagesOfNode', 'secretsOfCaller', 'secretsOfNode'];
  return {
    secret,
    context,
    kid: sha256(context).subarray(0, 16).toString('base64url'),
    keys: Object.fromEntries(names.map((name, at) => [name, bytes.subarray(at * 32, at * 32 + 32)])),
  };
}

/** A JWE with a given IV. */
export function encrypt(plaintext, { key, kid, iv }) {
  const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid })).toString('base64url');
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(header));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return `${header}..${parts.join('.')}`;
}
