import {
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { encode, jws } from './jws.js';

const typ = 'troupe+jws';

/** What two ends have agreed on, by the words of docs/protocol.md alone. */
export interface Agreed {
  readonly kid: string;
  readonly ofCaller: Buffer;
  readonly ofNode: Buffer;
  readonly secretsOfCaller: Buffer;
  readonly secretsOfNode: Buffer;
}

/** An X25519 key pair, and its public half as a header offers it. */
export function newOffer(): {
  readonly privateKey: KeyObject;
  readonly x: string;
  readonly epk: { readonly kty: 'OKP'; readonly crv: 'X25519'; readonly x: string };
} {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return { privateKey, x, epk: { kty: 'OKP', crv: 'X25519', x } };
}

/** SHA-256 of a certificate of an x5c, or of the public key of a jwk. */
export function fingerprintOf(header: Record<string, unknown>): string {
  const [leaf] = (header.x5c ?? []) as string[];
  const der =
    leaf === undefined
      ? createPublicKey({ key: header.jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'der' })
      : Buffer.from(leaf, 'base64');
  return createHash('sha256').update(der).digest('hex');
}

/** One end of a session key: its fingerprint and its offer. */
export interface End {
  readonly fingerprint: string;
  readonly x: string;
}

export function contextOf(caller: End, node: End): string {
  return ['troupe session key 1', caller.fingerprint, caller.x, node.fingerprint, node.x].join('\n');
}

export function kidOf(context: string): string {
  return createHash('sha256').update(context).digest().subarray(0, 16).toString('base64url');
}

/** The keys of both directions. */
export function agreed(context: string, privateKey: KeyObject, theirs: string): Agreed {
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: theirs }, format: 'jwk' });
  const secret = diffieHellman({ privateKey, publicKey });
  const keys = Buffer.from(hkdfSync('sha256', secret, '', context, 128));
  const [ofCaller, ofNode, secretsOfCaller, secretsOfNode] = [0, 1, 2, 3].map((at) =>
    keys.subarray(at * 32, (at + 1) * 32),
  ) as [Buffer, Buffer, Buffer, Buffer];
  return { kid: kidOf(context), ofCaller, ofNode, secretsOfCaller, secretsOfNode };
}

/** A sealed message. */
export function sealed(kid: string, payload: object, secret: Buffer): Buffer {
  return jws({ alg: 'HS256', typ, kid }, payload, (input) =>
    createHmac('sha256', secret).update(input).digest(),
  );
}

/** A JWE made by hand, so that it may be wrong in any way; `header` is an object, or its text. */
export function jwe(
  header: object | string,
  key: Buffer,
  plaintext: string,
  { tagBytes = 16 }: { readonly tagBytes?: number } = {},
): string {
  const head = encode(typeof header === 'string' ? header : JSON.stringify(header));
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(head, 'latin1'));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return `${head}..${encode(iv)}.${encode(ciphertext)}.${encode(cipher.getAuthTag().subarray(0, tagBytes))}`;
}

/** The header of a JWE of the protocol. */
export function jweHeader(kid: string): object {
  return { alg: 'dir', enc: 'A256GCM', kid };
}
