import { type KeyObject, randomBytes, sign } from 'node:crypto';

/** A JWS made by hand, so that it may be wrong in any way. */
export function jws(
  header: object,
  payload: string | Uint8Array | object,
  key?: KeyObject | ((input: Buffer) => Buffer),
): Buffer {
  const body =
    typeof payload === 'string' || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
  const input = `${encode(JSON.stringify(header))}.${encode(body)}`;
  const signature = !key
    ? Buffer.alloc(0)
    : typeof key === 'function'
      ? key(Buffer.from(input))
      : signWith(key, Buffer.from(input));
  return Buffer.from(`${input}.${encode(signature)}`);
}

export function encode(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url');
}

export function signWith(key: KeyObject, input: Buffer): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, input, key);
  return sign('sha256', input, key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : key);
}

/** The payload of a JWS, without checking its signature. */
export function payloadOf(bytes: Uint8Array): Record<string, unknown> {
  const [, payload = ''] = Buffer.from(bytes).toString('latin1').split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
}

/** The header of a JWS, without checking its signature. */
export function headerOf(bytes: Uint8Array): Record<string, unknown> {
  const [header = ''] = Buffer.from(bytes).toString('latin1').split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as Record<string, unknown>;
}

export function newId(): string {
  return randomBytes(16).toString('hex');
}
