import { type KeyObject, randomUUID } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { parseJson } from '../message/envelope.js';
import { headerOf, signJws, tokenType, verifyJws } from './jws.js';
import { compilePattern } from './pattern.js';
import type { Trust } from './trust.js';

/** What an enrolment token says: everything that a machine without a certificate needs to know. */
export interface TokenClaims {
  readonly v: 1;
  /** The token's own id. */
  readonly jti: string;
  /** Who made it: the common name of a caller. */
  readonly iss: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
  /** The one collective that its holder may join. */
  readonly collective: string;
  readonly brokers: readonly string[];
  /** PEM: the CAs that the broker and the callers must be from. */
  readonly ca: string;
  /** The names of those who may give orders to its holder. */
  readonly callers: string;
  /** Whether this network escapes dots in topics. */
  readonly escape?: boolean;
}

/** Makes an enrolment token: a JWS signed by a caller. `chain` is the caller's x5c, leaf first. */
export async function issueToken(
  claims: Omit<TokenClaims, 'v' | 'jti' | 'iat' | 'exp'> & { readonly ttlSeconds: number },
  issuer: { readonly key: KeyObject; readonly chain: readonly string[] },
  now = Date.now(),
): Promise<string> {
  const { ttlSeconds, ...rest } = claims;
  const iat = Math.floor(now / 1000);
  const full: TokenClaims = { v: 1, jti: randomUUID(), iat, exp: iat + ttlSeconds, ...rest };
  return signJws(Buffer.from(JSON.stringify(full)), issuer.key, { typ: tokenType, x5c: issuer.chain });
}

/** Reads a token without believing it: what a machine does with the one it was given. Throws TOKEN_INVALID. */
export function readToken(token: string): TokenClaims {
  const [, payload] = token.trim().split('.');
  try {
    return checkClaims(parseJson(Buffer.from(payload ?? '', 'base64url')));
  } catch (cause) {
    if (cause instanceof TroupeError && cause.code === 'TOKEN_INVALID') throw cause;
    throw new TroupeError(
      'TOKEN_INVALID',
      'the enrolment token is damaged: it is no JWS with claims in JSON',
      { cause },
    );
  }
}

/** Checks a token's signature, its issuer's certificate and name, and its time. Throws TOKEN_INVALID with the reason. */
export async function verifyToken(
  token: string,
  options: { readonly trust: Trust; readonly issuers: string },
  now = Date.now(),
): Promise<TokenClaims> {
  try {
    const { x5c } = headerOf(token, tokenType);
    const issuer = options.trust.check(x5c ?? [], now);
    const claims = checkClaims(parseJson(await verifyJws(token, issuer.publicKey)));
    if (claims.iss !== issuer.name || !compilePattern(options.issuers, 'issuers').test(issuer.name)) {
      throw new TroupeError(
        'TOKEN_INVALID',
        `the token is signed by "${issuer.name}", who may not issue tokens`,
      );
    }
    checkTokenTime(claims, now);
    return claims;
  } catch (cause) {
    if (cause instanceof TroupeError && cause.code === 'TOKEN_INVALID') throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TroupeError('TOKEN_INVALID', `the enrolment token is refused: ${reason}`, { cause });
  }
}

/** Throws TOKEN_INVALID when the token's time is over. */
export function checkTokenTime(claims: TokenClaims, now = Date.now()): void {
  if (now / 1000 > claims.exp) {
    throw new TroupeError(
      'TOKEN_INVALID',
      `the enrolment token expired at ${new Date(claims.exp * 1000).toISOString()}: make a new one with "mco enroll token"`,
    );
  }
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';

function checkClaims(value: unknown): TokenClaims {
  const claims = value as TokenClaims;
  const isSound =
    typeof value === 'object' &&
    value !== null &&
    claims.v === 1 &&
    [claims.jti, claims.iss, claims.collective, claims.ca, claims.callers].every(isText) &&
    Number.isSafeInteger(claims.iat) &&
    Number.isSafeInteger(claims.exp) &&
    Array.isArray(claims.brokers) &&
    claims.brokers.length > 0 &&
    claims.brokers.every(isText);
  if (!isSound)
    throw new TroupeError('TOKEN_INVALID', 'the enrolment token lacks claims that every token has');
  return claims;
}
