import { type KeyObject, randomUUID } from 'node:crypto';
import { TroupeError } from '../errors.js';
import { emptyFilter, type Facts, type Filter, matches, parseFact } from '../filter/index.js';
import { isName } from '../names.js';
import { type ClaimsKind, checkClaims, isId, isText, readClaims } from './claims.js';
import { parseJson } from './json.js';
import { headerOf, signJws, tokenType, verifyJws } from './jws.js';
import { compilePattern } from './pattern.js';
import type { TokenClaims } from './token-claims.js';
import type { TokenLedger } from './token-ledger.js';
import type { Trust } from './trust.js';

/** Makes an enrolment token: a JWS signed by a caller. `chain` is the caller's x5c, leaf first. Throws TOKEN_INVALID, FILTER_INVALID. */
export async function issueToken(
  claims: Omit<TokenClaims, 'v' | 'jti' | 'iat' | 'exp'> & { readonly ttlSeconds: number },
  issuer: { readonly key: KeyObject; readonly chain: readonly string[] },
  now = Date.now(),
): Promise<string> {
  const { ttlSeconds, ...rest } = claims;
  const iat = Math.floor(now / 1000);
  const full: TokenClaims = { v: 1, jti: randomUUID(), iat, exp: iat + ttlSeconds, ...rest };
  checked(full);
  return signJws(Buffer.from(JSON.stringify(full)), issuer.key, { typ: tokenType, x5c: issuer.chain });
}

/** Reads a token without believing it: what a machine does with the one it was given. Throws TOKEN_INVALID. */
export function readToken(token: string): TokenClaims {
  return readClaims(token, kind.title, checked);
}

/** Checks a token's signature, its issuer's certificate and name, and its time. Throws TOKEN_INVALID with the reason. */
export async function verifyToken(
  token: string,
  options: {
    readonly trust: Trust;
    readonly issuers: string;
    /** What is revoked and used up, and who holds the token: a name, or the fingerprint of a key. */
    readonly ledger?: TokenLedger;
    readonly holder?: string;
    /** The name that its holder gives: checked before the use is counted. */
    readonly name?: string;
  },
  now = Date.now(),
): Promise<TokenClaims> {
  try {
    const { x5c } = headerOf(token, tokenType);
    const issuer = options.trust.check(x5c ?? [], now);
    const claims = checked(parseJson(await verifyJws(token, issuer.publicKey)));
    issuer.confirm();
    if (claims.iss !== issuer.name || !compilePattern(options.issuers, 'issuers').test(issuer.name)) {
      throw new TroupeError(
        'TOKEN_INVALID',
        `the enrolment token is signed by "${issuer.name}", which is not allowed to issue tokens`,
      );
    }
    checkTokenTime(claims, now);
    if (options.name !== undefined) checkTokenName(claims, options.name);
    options.ledger?.admit(claims, options.holder ?? '', now);
    return claims;
  } catch (cause) {
    if (cause instanceof TroupeError && cause.code === 'TOKEN_INVALID') throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TroupeError('TOKEN_INVALID', `the enrolment token was rejected: ${reason}`, { cause });
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

/** Throws TOKEN_INVALID when a token is not for a machine with such facts. */
export async function checkTokenFacts(claims: TokenClaims, facts: Facts): Promise<void> {
  for (const condition of claims.facts ?? []) {
    const filter: Filter = { ...emptyFilter, facts: [parseFact(condition)] };
    if (await matches(filter, { identity: '', facts, classes: [], agents: [] })) continue;
    throw new TroupeError(
      'TOKEN_INVALID',
      `the enrolment token is only for machines with ${condition}, and this machine does not match`,
    );
  }
}

/** Throws TOKEN_INVALID if a token is not for a machine with this name. */
export function checkTokenName({ names }: Pick<TokenClaims, 'names'>, name: string): void {
  if (names === undefined || compilePattern(names, 'names').test(name)) return;
  throw new TroupeError(
    'TOKEN_INVALID',
    `the enrolment token is only for names that match ${names}, and the name of this machine is ${name}: use a token for this name, or change identity in the configuration`,
  );
}

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);

function isPattern(text: string): boolean {
  try {
    compilePattern(text, 'names');
    return true;
  } catch {
    return false;
  }
}

const kind: ClaimsKind = {
  title: 'the enrolment token',
  needed: {
    v: (value) => value === 1,
    jti: isId,
    iss: isText,
    iat: Number.isSafeInteger,
    exp: Number.isSafeInteger,
    collective: (value) => isText(value) && isName(value),
    brokers: (value) => isTexts(value) && value.length > 0,
    ca: isText,
    callers: isText,
  },
  optional: {
    escape: (value) => typeof value === 'boolean',
    account: isAccount,
    uses: (value) => Number.isSafeInteger(value) && (value as number) > 0,
    facts: (value) => isTexts(value) && value.length <= 20,
    names: (value) => isText(value) && value.length <= 1000 && isPattern(value),
    replace: (value) => value === true,
  },
};

function isAccount(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { certificate, key, ...more } = value as Record<string, unknown>;
  return isText(certificate) && isText(key) && Object.keys(more).length === 0;
}

function checked(value: unknown): TokenClaims {
  checkClaims(value, kind);
  const claims = value as TokenClaims;
  for (const condition of claims.facts ?? []) parseFact(condition);
  return claims;
}
