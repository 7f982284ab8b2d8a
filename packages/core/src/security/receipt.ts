import { type KeyObject, randomUUID } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { isIdentity, isName } from '../names.js';
import { type ClaimsKind, checkClaims, isId, isText, readClaims } from './claims.js';
import { parseJson } from './json.js';
import { headerOf, receiptType, signJws, verifyJws } from './jws.js';
import { compilePattern } from './pattern.js';
import type { TokenLedger } from './token-ledger.js';
import type { Trust } from './trust.js';

/** What a receipt says: that a provisioner knows the machine with this key under this name. */
export interface ReceiptClaims {
  readonly v: 1;
  /** The receipt's own id, for revoking it. */
  readonly serial: string;
  /** Who made it: the common name of a caller. */
  readonly iss: string;
  /** The identity of the machine. */
  readonly name: string;
  /** The id that its cloud gave it. */
  readonly instance?: string;
  /** SHA-256 of the machine's public key (SPKI, DER), hexadecimal. */
  readonly key: string;
  /** The one collective that its holder may join. */
  readonly collective: string;
  /** The names of those who may give orders to its holder. */
  readonly callers: string;
  /** The id of the token with which the machine came: who revokes that, revokes this. */
  readonly token: string;
  /** The limits of that token: the names that its holder may have, and whether it may replace another host. */
  readonly names?: string;
  readonly replace?: true;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
}

/** Makes a receipt: a JWS signed by a provisioner. `chain` is its x5c, leaf first. Throws TOKEN_INVALID. */
export async function issueReceipt(
  claims: Omit<ReceiptClaims, 'v' | 'serial' | 'iat' | 'exp'> & { readonly ttlSeconds: number },
  issuer: { readonly key: KeyObject; readonly chain: readonly string[] },
  now = Date.now(),
): Promise<string> {
  const { ttlSeconds, ...rest } = claims;
  const iat = Math.floor(now / 1000);
  const full: ReceiptClaims = { v: 1, serial: randomUUID(), iat, exp: iat + ttlSeconds, ...rest };
  checked(full);
  return signJws(Buffer.from(JSON.stringify(full)), issuer.key, { typ: receiptType, x5c: issuer.chain });
}

/** Whether a text claims to be a receipt; nothing of it is believed. */
export function isReceipt(text: string): boolean {
  try {
    headerOf(text, receiptType);
    return true;
  } catch {
    return false;
  }
}

/** Reads a receipt without believing it: what a machine does with its own. Throws TOKEN_INVALID. */
export function readReceipt(receipt: string): ReceiptClaims {
  return readClaims(receipt, kind.title, checked);
}

/** Checks a receipt's signature, its issuer, its time and its holder. Throws TOKEN_INVALID with the reason. */
export async function verifyReceipt(
  receipt: string,
  options: {
    readonly trust: Trust;
    readonly issuers: string;
    /** What is revoked. */
    readonly ledger?: Pick<TokenLedger, 'checkRevoked'>;
    /** The fingerprint of the key that its holder has proved to have. */
    readonly key?: string;
    /** The name that its holder gives. */
    readonly name?: string;
  },
  now = Date.now(),
): Promise<ReceiptClaims> {
  try {
    const { x5c } = headerOf(receipt, receiptType);
    const issuer = options.trust.check(x5c ?? [], now);
    const claims = checked(parseJson(await verifyJws(receipt, issuer.publicKey)));
    issuer.confirm();
    if (claims.iss !== issuer.name || !compilePattern(options.issuers, 'issuers').test(issuer.name))
      throw new Error(`it is signed by "${issuer.name}", which is not allowed to issue receipts`);
    if (isExpired(claims, now)) throw new Error(`it expired at ${new Date(claims.exp * 1000).toISOString()}`);
    if (options.key !== undefined && options.key !== claims.key)
      throw new Error('it is for a machine with another key');
    if (options.name !== undefined && options.name !== claims.name)
      throw new Error(`it is for the name ${claims.name}`);
    options.ledger?.checkRevoked(claims.serial);
    options.ledger?.checkRevoked(claims.token);
    return claims;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TroupeError('TOKEN_INVALID', `${kind.title} was rejected: ${reason}`, { cause });
  }
}

/** Whether a receipt's time is over. */
export function isExpired({ exp }: Pick<ReceiptClaims, 'exp'>, now = Date.now()): boolean {
  return now / 1000 > exp;
}

const kind: ClaimsKind = {
  title: 'the receipt of the enrolment',
  needed: {
    v: (value) => value === 1,
    serial: isId,
    iss: isText,
    name: (value) => isText(value) && isIdentity(value),
    key: (value) => isText(value) && /^[\da-f]{64}$/.test(value),
    collective: (value) => isText(value) && isName(value),
    callers: isText,
    token: isId,
    iat: Number.isSafeInteger,
    exp: Number.isSafeInteger,
  },
  optional: {
    instance: (value) => isText(value) && value.length <= 255,
    names: isText,
    replace: (value) => value === true,
  },
};

function checked(value: unknown): ReceiptClaims {
  checkClaims(value, kind);
  return value as ReceiptClaims;
}
