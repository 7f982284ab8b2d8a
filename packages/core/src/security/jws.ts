import {
  createHmac,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { BoundedMap } from '../bounded-map.js';
import { isHash } from '../ddl/value.js';
import { TroupeError } from '../errors.js';
import { parseJson } from './json.js';

/** The `typ` of an envelope; keeps a signature made for one purpose from serving another (RFC 8725, 3.11). */
export const envelopeType = 'troupe+jws';
/** The `typ` of an enrolment token. */
export const tokenType = 'troupe-enrolment+jws';
/** The `typ` of a receipt of an enrolment. */
export const receiptType = 'troupe-receipt+jws';

const knownHeaders = new Set(['alg', 'typ', 'x5c', 'jwk', 'token', 'receipt', 'epk', 'met', 'kid']);

/** The one algorithm that a key is used with, so that a header cannot choose another (RFC 8725, 3.1). */
export function algorithmOf(key: KeyObject): string {
  const known = algorithms.get(key);
  if (known !== undefined) return known;
  const algorithm = decideAlgorithm(key);
  algorithms.set(key, algorithm);
  return algorithm;
}

// Node asks OpenSSL anew for each detail of a key.
// no peer fills this: an entry lasts as long as its key
const algorithms = new WeakMap<KeyObject, string>();

function decideAlgorithm(key: KeyObject): string {
  const { namedCurve: curve, modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  // A key of an attacker's making may cost minutes to check a signature with.
  const isSensible = modulusLength >= 2048 && modulusLength <= 8192 && publicExponent <= 0xffffffffn;
  if (key.asymmetricKeyType === 'rsa' && isSensible) return 'RS256';
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') return 'ES256';
  if (key.asymmetricKeyType === 'ec' && curve === 'secp384r1') return 'ES384';
  if (key.asymmetricKeyType === 'ec' && curve === 'secp521r1') return 'ES512';
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  throw new TroupeError(
    'CERTIFICATE_INVALID',
    `a key of type ${[key.asymmetricKeyType, curve].filter(Boolean).join(' ')} cannot be used for signing: use RSA with 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519`,
  );
}

export interface JwsHeader {
  readonly typ: string;
  readonly x5c?: readonly string[];
  readonly jwk?: Readonly<Record<string, unknown>>;
  readonly token?: string;
  /** In the place of a token, once a provisioner has given it out. */
  readonly receipt?: string;
  /** The author's key for this session, offered under the signature (RFC 7518, 4.6.1.1). */
  readonly epk?: Readonly<Record<string, unknown>>;
  /** The author still holds all session keys it has agreed on: peers that were sent its key may answer sealed. */
  readonly met?: boolean;
  /** The session key that a message is sealed with; nothing else is said of its author then. */
  readonly kid?: string;
}

/** Signs a payload; the header says which key to check it with. */
export async function signJws(payload: Uint8Array, key: KeyObject, header: JwsHeader): Promise<string> {
  const alg = algorithmOf(key);
  const input = `${encodedHeader(alg, header)}.${base64url(payload)}`;
  // Here and not on the thread pool: the way there and back costs more than all but the signing by RSA.
  const signature = sign(digestOf(alg), Buffer.from(input, 'latin1'), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${base64url(signature)}`;
}

// A signer signs under one header for as long as it has its certificate, which is most of the text.
// no peer fills this: an entry lasts as long as a header of this program
const encodedHeaders = new WeakMap<JwsHeader, { readonly alg: string; readonly text: string }>();

function encodedHeader(alg: string, header: JwsHeader): string {
  const known = encodedHeaders.get(header);
  if (known?.alg === alg) return known.text;
  const text = encodeHeader({ alg, ...header });
  encodedHeaders.set(header, { alg, text });
  return text;
}

/** A header as a JWS begins with it. */
export function encodeHeader(header: JwsHeader & { readonly alg: string }): string {
  return base64url(Buffer.from(JSON.stringify(header)));
}

/** A JWS with an HMAC under a header that is encoded already. */
export function macJws(payload: Uint8Array, key: KeyObject, header: string): string {
  const input = `${header}.${base64url(payload)}`;
  return `${input}.${macOf(input, key)}`;
}

function macOf(input: string, key: KeyObject): string {
  return createHmac('sha256', key).update(input, 'latin1').digest('base64url');
}

type ReadHeader = Readonly<Record<string, unknown>>;

const mostKept = 256;
const mostKeptBytes = 1024 * 1024;

/** Characters of a header: it holds certificates, or a token with the certificates of CAs. */
const maxHeaderLength = 65_536;

// Most messages come from few authors, each under one header for as long as it has its certificate. Only headers of
// messages whose signature was good are kept.
// bound: headers of messages whose signature was good | authors of messages | {mostKept} | {bytes mostKeptBytes} |
// of the author with most headers, the one unused for the longest time is removed, and read again if it comes again
const headers = new BoundedMap<string, ReadHeader>({
  most: mostKept,
  mostBytes: mostKeptBytes,
  bytesOf: (_, text) => 3 * text.length,
  ownerOf: ({ x5c, jwk }) => String(Array.isArray(x5c) ? x5c[0] : JSON.stringify(jwk)),
});

/** The header that was read last: a message is looked at twice in a row. */
let latest: { readonly text: string; readonly header: ReadHeader } | undefined;

function readHeader(text: string): ReadHeader {
  const known = headers.get(text) ?? (latest?.text === text ? latest.header : undefined);
  if (known) return known;
  if (text.length > maxHeaderLength)
    throw new TroupeError(
      'SIGNATURE_INVALID',
      `the header has ${text.length} characters; the limit is ${maxHeaderLength}`,
    );
  if (!isBase64url(text)) throw new Error('the header is not base64url');
  const header = parseJson(Buffer.from(text, 'base64url'));
  if (!isHash(header)) throw new Error('the header is not an object');
  latest = { text: detached(text), header: Object.freeze(header) };
  return header;
}

function keepHeader(text: string, header: ReadHeader): void {
  if (!headers.has(text)) headers.set(detached(text), header);
}

// What is cut out of a message would keep all of it in memory.
function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** The header of a JWS, before anything of it is believed. Throws SIGNATURE_INVALID. */
export function headerOf(jws: string, typ: string): JwsHeader {
  let header: ReadHeader;
  try {
    const [head = '', ...rest] = jws.split('.', 4);
    if (rest.length !== 2) throw new Error('it does not have three parts');
    header = readHeader(head);
  } catch (cause) {
    if (cause instanceof TroupeError && cause.code === 'SIGNATURE_INVALID') throw cause;
    throw new TroupeError('SIGNATURE_INVALID', 'the message is not a JWS in compact form', { cause });
  }
  const unknown = Object.keys(header).find((key) => !knownHeaders.has(key));
  if (unknown !== undefined) {
    throw new TroupeError(
      'SIGNATURE_INVALID',
      `the header has the unknown key ${JSON.stringify(unknown.slice(0, 40))}`,
    );
  }
  if (header.typ !== typ) throw new TroupeError('SIGNATURE_INVALID', `the header's typ is not "${typ}"`);
  const { x5c, jwk, token, receipt, epk, met, kid } = header;
  if (x5c !== undefined && !(Array.isArray(x5c) && x5c.every((item) => typeof item === 'string'))) {
    throw new TroupeError('SIGNATURE_INVALID', "the header's x5c is not a list of certificates");
  }
  if (jwk !== undefined && (typeof jwk !== 'object' || jwk === null)) {
    throw new TroupeError('SIGNATURE_INVALID', "the header's jwk is not a key");
  }
  if (token !== undefined && typeof token !== 'string') {
    throw new TroupeError('SIGNATURE_INVALID', "the header's token is not a string");
  }
  if (receipt !== undefined && (typeof receipt !== 'string' || token !== undefined)) {
    throw new TroupeError('SIGNATURE_INVALID', "the header's receipt is not a string, or a token is present");
  }
  if (epk !== undefined && !isHash(epk)) {
    throw new TroupeError('SIGNATURE_INVALID', "the header's epk is not a key");
  }
  if (met !== undefined && typeof met !== 'boolean') {
    throw new TroupeError('SIGNATURE_INVALID', "the header's met is not true or false");
  }
  if (kid !== undefined && (typeof kid !== 'string' || Object.keys(header).length !== 3)) {
    throw new TroupeError('SIGNATURE_INVALID', "the header's kid is not a string, or other keys are present");
  }
  return header as unknown as JwsHeader;
}

/** The payload, if the signature is good. Throws SIGNATURE_INVALID. */
export async function verifyJws(jws: string, key: KeyObject): Promise<Uint8Array> {
  const alg = algorithmOf(key);
  const [header = '', payload = '', signature = '', ...rest] = jws.split('.', 4);
  let isGood = false;
  let cause: unknown;
  try {
    isGood =
      rest.length === 0 &&
      isBase64url(payload) &&
      isBase64url(signature) &&
      readHeader(header).alg === alg &&
      verify(
        digestOf(alg),
        Buffer.from(jws.slice(0, jws.lastIndexOf('.')), 'latin1'),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
  } catch (error) {
    cause = error;
  }
  if (!isGood) throw new TroupeError('SIGNATURE_INVALID', 'the signature is not valid', { cause });
  keepHeader(header, readHeader(header));
  return Buffer.from(payload, 'base64url');
}

/** The payload, if its HMAC is good. Throws SIGNATURE_INVALID. */
export function verifyMacJws(jws: string, key: KeyObject): Uint8Array {
  const end = jws.lastIndexOf('.');
  const [header = '', payload = '', mac = ''] = jws.split('.', 3);
  const wanted = Buffer.from(macOf(jws.slice(0, end), key), 'latin1');
  const given = Buffer.from(mac, 'latin1');
  const isGood =
    isBase64url(payload) &&
    readHeader(header).alg === 'HS256' &&
    given.length === wanted.length &&
    timingSafeEqual(given, wanted);
  if (!isGood) throw new TroupeError('SIGNATURE_INVALID', 'the seal is not valid');
  return Buffer.from(payload, 'base64url');
}

/** A public key out of a header. Throws SIGNATURE_INVALID. */
export function keyOfJwk(jwk: Readonly<Record<string, unknown>>): KeyObject {
  if ('d' in jwk || 'k' in jwk)
    throw new TroupeError('SIGNATURE_INVALID', "the header's jwk is not a public key");
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch (cause) {
    throw new TroupeError('SIGNATURE_INVALID', "the header's jwk is not a public key", { cause });
  }
}

/** The hash of an algorithm's signature (RFC 7518, 3.1); Ed25519 has its own inside (RFC 8037, 3.1). */
function digestOf(alg: string): string | null {
  return alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

// Node's decoder passes over what is no digit of base64url, and over bits that belong to no byte.
function isBase64url(text: string): boolean {
  if (!/^[\w-]*$/.test(text)) return false;
  const rest = text.length % 4;
  if (rest === 0) return true;
  return rest === 2 ? /[AQgw]$/.test(text) : rest === 3 && /[AEIMQUYcgkosw048]$/.test(text);
}
