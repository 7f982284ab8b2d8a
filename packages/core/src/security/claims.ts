import { TroupeError } from '../errors.js';
import { parseJson } from './json.js';

export type ClaimTest = (value: unknown) => boolean;

/** A kind of JWS that says what a machine may do: what it is called in errors, and the claims that it has. */
export interface ClaimsKind {
  readonly title: string;
  readonly needed: Readonly<Record<string, ClaimTest>>;
  readonly optional: Readonly<Record<string, ClaimTest>>;
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The id of a token or receipt, by which it is revoked. */
export const isId: ClaimTest = (value) => isText(value) && /^[\w-]{1,64}$/.test(value);

/**
 * Throws TOKEN_INVALID where claims are not of this kind. A claim that this version does not know may be a limit: it is
 * refused.
 */
export function checkClaims(value: unknown, kind: ClaimsKind): void {
  const { needed, optional } = kind;
  if (typeof value !== 'object' || value === null) throw unsound(kind, 'it has no claims');
  const claims = value as Record<string, unknown>;
  for (const [name, test] of Object.entries(needed))
    if (!Object.hasOwn(claims, name) || !test(claims[name]))
      throw unsound(kind, `its claim "${name}" is missing or malformed`);
  for (const [name, claim] of Object.entries(claims)) {
    if (Object.hasOwn(needed, name)) continue;
    if (!Object.hasOwn(optional, name)) throw unsound(kind, `it has an unknown claim "${name.slice(0, 40)}"`);
    if (optional[name]?.(claim) !== true) throw unsound(kind, `its claim "${name}" is malformed`);
  }
}

/** The claims of a JWS without believing them, as `check` returns them. Throws TOKEN_INVALID. */
export function readClaims<Claims>(jws: string, title: string, check: (value: unknown) => Claims): Claims {
  const [, payload] = jws.trim().split('.');
  try {
    return check(parseJson(Buffer.from(payload ?? '', 'base64url')));
  } catch (cause) {
    if (cause instanceof TroupeError && cause.code === 'TOKEN_INVALID') throw cause;
    throw new TroupeError('TOKEN_INVALID', `${title} is damaged: it is not a JWS with JSON claims`, {
      cause,
    });
  }
}

function unsound({ title }: ClaimsKind, reason: string): TroupeError {
  return new TroupeError('TOKEN_INVALID', `${title} is not usable: ${reason}`);
}
