import { generateKeyPairSync } from 'node:crypto';
import { generateKeyPair, type KeyPair } from '@troupe/core/pki';

/** RSA of 2048 bits as Puppet makes it, the elliptic curve P-256, or Ed25519. */
export type KeyType = 'rsa' | 'p256' | 'ed25519';

/** Makes a key pair of a kind that can sign messages. */
export async function makeKeyPair(type: KeyType): Promise<KeyPair> {
  if (type === 'rsa') return generateKeyPair();
  const { publicKey, privateKey } =
    type === 'p256'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('ed25519');
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
