import { appendFileSync, existsSync } from 'node:fs';
import { replaceFileSync } from '../durable-file.js';
import { systemReasonOf, TroupeError } from '../errors.js';
import { readRegularFileSync } from '../regular-file.js';
import type { TokenClaims } from './token-claims.js';

interface Use {
  readonly jti: string;
  readonly holder: string;
  /** Seconds since 1970: when the token is over, and its uses can be forgotten. */
  readonly exp: number;
}

/**
 * Which enrolment tokens are revoked, and by whom those of limited use were used. `revoked` names a file with the id
 * of a token on each line, read again when asked; `file` keeps the uses over a restart.
 */
export class TokenLedger {
  readonly #revoked: string | undefined;
  readonly #file: string | undefined;
  readonly #uncounted: 'refuse' | 'take';
  // bound: uses of enrolment tokens with a limited number of uses, and their file | machines with such a token | the
  // number of uses of each valid token | 150 bytes each, in memory and in the file | the token is refused
  readonly #holders = new Map<string, Set<string>>();

  /**
   * `uncounted` decides over tokens of limited use if no file is named: `take` accepts those that the broker has
   * counted. Throws FILE_UNREADABLE.
   */
  constructor(options: {
    readonly revoked?: string;
    readonly file?: string;
    readonly uncounted?: 'refuse' | 'take';
  }) {
    this.#uncounted = options.uncounted ?? 'refuse';
    this.#revoked = options.revoked;
    this.#file = options.file;
    try {
      if (this.#file !== undefined && existsSync(this.#file)) this.#load(this.#file);
    } catch (cause) {
      throw new TroupeError(
        'FILE_UNREADABLE',
        `cannot read the token ledger ${this.#file}: ${systemReasonOf(cause)}`,
        { cause },
      );
    }
  }

  /** Notes that `holder` uses a token; the same holder may come again. Throws TOKEN_INVALID with the reason. */
  admit(claims: TokenClaims, holder: string, now = Date.now()): void {
    const { jti, uses, exp, account } = claims;
    this.checkRevoked(jti);
    if (uses === undefined) return;
    if (this.#file === undefined) {
      // Behind an account, the broker has not seen the token.
      if (this.#uncounted === 'take' && account === undefined) return;
      throw refused(
        jti,
        `it is limited to ${uses} machines, but no ledger is configured to count them (security.tokens.ledger, or enrolment.ledger of the broker)`,
      );
    }
    const holders = this.#holders.get(jti) ?? new Set();
    if (holders.has(holder)) return;
    if (holders.size >= uses) throw refused(jti, `it is used up: ${uses} machines have used it`);
    try {
      appendFileSync(this.#file, `${JSON.stringify({ jti, holder, exp, time: now })}\n`, { mode: 0o600 });
    } catch (cause) {
      throw refused(jti, `cannot record its use: ${systemReasonOf(cause)}`);
    }
    this.#holders.set(jti, holders.add(holder));
  }

  /** Throws TOKEN_INVALID if the token or receipt with this id is revoked. */
  checkRevoked(id: string): void {
    if (this.#isRevoked(id)) throw refused(id, 'it is revoked');
  }

  // A list that cannot be read must not bring revoked tokens back.
  #isRevoked(jti: string): boolean {
    if (this.#revoked === undefined) return false;
    try {
      return readRegularFileSync(this.#revoked)
        .toString('utf8')
        .split('\n')
        .some((line) => line.trim().split(/\s/, 1)[0] === jti);
    } catch (cause) {
      throw refused(jti, `cannot read the list of revoked tokens: ${systemReasonOf(cause)}`);
    }
  }

  #load(file: string): void {
    const now = Date.now() / 1000;
    const kept: string[] = [];
    for (const line of readRegularFileSync(file).toString('utf8').split('\n')) {
      if (line === '') continue;
      const use = parseUse(line);
      if (!use || use.exp < now) continue;
      kept.push(`${line}\n`);
      this.#holders.set(use.jti, (this.#holders.get(use.jti) ?? new Set()).add(use.holder));
    }
    replaceFileSync(file, kept.join(''), 0o600);
  }
}

// A line that a power cut tore was not acted on.
function parseUse(line: string): Use | undefined {
  try {
    return JSON.parse(line) as Use;
  } catch {
    return undefined;
  }
}

function refused(jti: string, reason: string): TroupeError {
  return new TroupeError('TOKEN_INVALID', `the enrolment token ${jti} was rejected: ${reason}`);
}
