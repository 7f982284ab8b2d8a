// The protocol as docs/protocol.md describes it, with node:crypto alone: nothing of the product may be imported here.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type JsonWebKey,
  type KeyObject,
  verify,
  X509Certificate,
} from 'node:crypto';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** RFC 8785: what JSON.stringify writes of numbers and strings, with the keys in the order of their UTF-16 code units. */
export function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const byCodeUnits = ([one]: [string, Json], [other]: [string, Json]) =>
    Buffer.from(one, 'utf16le').swap16().compare(Buffer.from(other, 'utf16le').swap16());
  const members = Object.entries(value as Record<string, Json>).sort(byCodeUnits);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function fingerprintOfCertificate(pem: string): string {
  const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  return sha256(Buffer.from(lines.join(''), 'base64'));
}

export function fingerprintOfKey(jwk: JsonWebKey): string {
  return sha256(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }));
}

interface End {
  readonly fingerprint: string;
  readonly x: string;
}

/** What one end computes with its own private key and the offer of the other. */
export function agree(own: JsonWebKey, offered: string, caller: End, node: End) {
  const context = `troupe session key 1\n${caller.fingerprint}\n${caller.x}\n${node.fingerprint}\n${node.x}`;
  const secret = diffieHellman({
    privateKey: createPrivateKey({ key: own, format: 'jwk' }),
    publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: offered }, format: 'jwk' }),
  });
  const bytes = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), context, 128));
  const hex = (from: number) => bytes.subarray(from, from + 32).toString('hex');
  return {
    secret: secret.toString('hex'),
    context,
    kid: Buffer.from(sha256(context), 'hex').subarray(0, 16).toString('base64url'),
    keys: {
      messagesOfCaller: hex(0),
      messagesOfNode: hex(32),
      secretsOfCaller: hex(64),
      secretsOfNode: hex(96),
    },
  };
}

/** A JWS that is sealed with a session key. */
export function seal(payload: string, key: string, kid: string): string {
  const header = JSON.stringify({ alg: 'HS256', typ: 'troupe+jws', kid });
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${createHmac('sha256', Buffer.from(key, 'hex')).update(input).digest('base64url')}`;
}

/** The header and the payload of a JWS, if the key that its header names has signed it. */
export function openSigned(jws: string, ca?: string) {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const known = JSON.parse(textOf(header)) as Record<string, unknown>;
  const { alg, x5c, jwk } = known;
  const key = x5c ? certified((x5c as string[])[0] ?? '', ca ?? '') : publicKeyOf(jwk as JsonWebKey);
  const digest = alg === 'EdDSA' ? null : 'sha256';
  if (!verify(digest, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')))
    throw new Error('the signature is not valid');
  return { header: known, payload: textOf(payload) };
}

function certified(der: string, ca: string): KeyObject {
  const leaf = new X509Certificate(Buffer.from(der, 'base64'));
  if (!leaf.verify(new X509Certificate(ca).publicKey)) throw new Error('not a certificate of this CA');
  return leaf.publicKey;
}

function publicKeyOf(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' });
}

/** A JWE with a given IV. */
export function encrypt(plaintext: string, parts: { key: string; kid: string; iv: string }): string {
  const header = headerOf(parts.kid);
  const iv = Buffer.from(parts.iv, 'hex');
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(parts.key, 'hex'), iv).setAAD(Buffer.from(header));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [header, '', iv, ciphertext, cipher.getAuthTag()]
    .map((part) => (typeof part === 'string' ? part : base64url(part)))
    .join('.');
}

/** What is in a JWE; throws if it is not for this key, or was altered. */
export function decrypt(jwe: string, key: string, kid: string): string {
  const [header = '', none, ...parts] = jwe.split('.');
  const [iv, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (!iv || !ciphertext || !tag) throw new Error('parts are missing');
  const again = [headerOf(kid), '', base64url(iv), base64url(ciphertext), base64url(tag)].join('.');
  if (none !== '' || again !== jwe) throw new Error('another header, or not in its canonical spelling');
  const cipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv).setAAD(Buffer.from(header));
  cipher.setAuthTag(tag);
  return Buffer.concat([cipher.update(ciphertext), cipher.final()]).toString();
}

function headerOf(kid: string): string {
  return base64url(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid }));
}

function base64url(data: string | Uint8Array): string {
  return Buffer.from(data).toString('base64url');
}

function textOf(part: string): string {
  return Buffer.from(part, 'base64url').toString();
}

/** A topic from its parts. */
export function topicOf(parts: Readonly<Record<string, string | number | boolean>>): string {
  const level = (name: string) => {
    const text = String(parts[name]);
    return parts.escape ? text.split('.').join('%2E') : text;
  };
  const levels: Record<string, () => readonly string[]> = {
    agent: () => [parts.v === 2 ? `v2-${level('agent')}` : level('agent')],
    reply: () => [level('caller'), level('session'), level('identity')],
    file: () => [level('caller'), level('id'), level('piece')],
  };
  const rest = levels[String(parts.kind)] ?? (() => [level('identity')]);
  return ['mco', level('collective'), level('kind'), ...rest()].join('/');
}
