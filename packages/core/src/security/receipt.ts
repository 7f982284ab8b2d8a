import { type KeyObject, randomUUID } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { isIdentity, isName } from '../names.js';
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
  checkClaims(full);
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
  const [, payload] = receipt.trim().split('.');
  try {
    return checkClaims(parseJson(Buffer.from(payload ?? '', 'base64url')));
  } catch (cause) {
    if (cause instanceof TroupeError && cause.code === 'TOKEN_INVALID') throw cause;
    throw new TroupeError(
      'TOKEN_INVALID',
      'the receipt of the enrolment is damaged: it is not a JWS with JSON claims',
      { cause },
    );
  }
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
    const claims = checkClaims(parseJson(await verifyJws(receipt, issuer.publicKey)));
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
    throw new TroupeError('TOKEN_INVALID', `the receipt of the enrolment was rejected: ${reason}`, { cause });
  }
}

/** Whether a receipt's time is over. */
export function isExpired({ exp }: Pick<ReceiptClaims, 'exp'>, now = Date.now()): boolean {
  return now / 1000 > exp;
}

type Test = (value: unknown) => boolean;
const isText: Test = (value) => typeof value === 'string' && value !== '';
const isId: Test = (value) => typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
const needed: Record<string, Test> = {
  v: (value) => value === 1,
  serial: isId,
  iss: isText,
  name: (value) => typeof value === 'string' && isIdentity(value),
  key: (value) => typeof value === 'string' && /^[\da-f]{64}$/.test(value),
  collective: (value) => typeof value === 'string' && isName(value),
  callers: isText,
  token: isId,
  iat: Number.isSafeInteger,
  exp: Number.isSafeInteger,
};
const optional: Record<string, Test> = {
  instance: (value) => isText(value) && (value as string).length <= 255,
  names: isText,
  replace: (value) => value === true,
};

// A claim that this version does not know may be a limit: such a receipt is refused.
function checkClaims(value: unknown): ReceiptClaims {
  if (typeof value !== 'object' || value === null) throw unsound('it has no claims');
  const claims = value as Record<string, unknown>;
  for (const [name, test] of Object.entries(needed))
    if (!Object.hasOwn(claims, name) || !test(claims[name]))
      throw unsound(`its claim "${name}" is missing or malformed`);
  for (const [name, claim] of Object.entries(claims)) {
    if (Object.hasOwn(needed, name)) continue;
    if (!Object.hasOwn(optional, name)) throw unsound(`it has an unknown claim "${name.slice(0, 40)}"`);
    if (optional[name]?.(claim) !== true) throw unsound(`its claim "${name}" is malformed`);
  }
  return value as ReceiptClaims;
}

function unsound(reason: string): TroupeError {
  return new TroupeError('TOKEN_INVALID', `the receipt of the enrolment is not usable: ${reason}`);
}
