import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { existsSync, unlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SecurityConfig } from '../config/sections.js';
import { asideOf, isErrno, replaceFileSync, setAsideSync } from '../durable-file.js';
import { messageOf, reasonOf, systemReasonOf } from '../errors.js';
import type { Logger } from '../log/logger.js';
import { readRegularFileSync } from '../regular-file.js';
import { readSecret } from './own.js';
import { isExpired, type ReceiptClaims, readReceipt } from './receipt.js';
import { checkTokenTime, readToken } from './token.js';
import type { TokenClaims } from './token-claims.js';

/** What a machine without a certificate shows of itself: its token, and the receipt that a provisioner gave it for that. */
export interface HeldEnrolment {
  readonly token: string;
  readonly claims: TokenClaims;
  readonly receipt?: { readonly text: string; readonly claims: ReceiptClaims };
}

const files = { key: 'enrolment.key', receipt: 'enrolment.receipt', place: 'enrolment.token-file' } as const;

/** The token that a configuration names, and its claims. Throws TOKEN_INVALID, FILE_UNREADABLE. */
export function loadToken(config: Pick<SecurityConfig, 'token'>): { token: string; claims: TokenClaims } {
  const held = readTokenFile(config);
  checkTokenTime(held.claims);
  return held;
}

function readTokenFile(config: Pick<SecurityConfig, 'token'>): { token: string; claims: TokenClaims } {
  const token = readSecret(config.token, 'security.token').trim();
  return { token, claims: readToken(token) };
}

/**
 * The token that a configuration names, and the receipt that was kept for it. The token may have expired: the clock of a
 * new machine is often wrong, and it is the broker and the provisioner that decide. With a log, that is logged, and a
 * damaged receipt is moved aside. Throws TOKEN_INVALID, FILE_UNREADABLE.
 */
export function loadEnrolment(
  config: Pick<SecurityConfig, 'token'>,
  stateDir: string,
  { now = Date.now(), log }: { readonly now?: number; readonly log?: Logger } = {},
): HeldEnrolment {
  const { token, claims } = readTokenFile(config);
  const receipt = keptReceipt(stateDir, claims, now, log);
  if (!receipt && now / 1000 > claims.exp)
    log?.warn(
      { expired: new Date(claims.exp * 1000).toISOString(), clock: new Date(now).toISOString() },
      'the enrolment token has expired, or the clock of this machine is wrong: connecting in spite of it, because the broker and the provisioner decide',
    );
  return { token, claims, ...(receipt && { receipt }) };
}

// A receipt for another token, or one whose time is over, is of no use. Without a log it is only looked at.
function keptReceipt(
  stateDir: string,
  { jti }: TokenClaims,
  now: number,
  log: Logger | undefined,
): HeldEnrolment['receipt'] {
  const file = join(stateDir, files.receipt);
  if (!existsSync(file)) return undefined;
  const words = 'cannot use the receipt of the enrolment: the enrolment token is used instead';
  let text: string;
  try {
    text = readSecret(file, 'the receipt of the enrolment').trim();
  } catch (error) {
    log?.error(reasonOf(error), words);
    return undefined;
  }
  try {
    const claims = readReceipt(text);
    return claims.token === jti && !isExpired(claims, now) ? { text, claims } : undefined;
  } catch (error) {
    if (log) moveAside(file, error, log, words);
    return undefined;
  }
}

function moveAside(file: string, error: unknown, log: Logger, words: string): void {
  try {
    setAsideSync(file);
    log.error({ file, reason: messageOf(error), moved_to: asideOf(file) }, words);
  } catch (fault) {
    if (!isErrno(fault)) throw fault;
    log.error({ file, reason: `${messageOf(error)}; it cannot be moved: ${systemReasonOf(fault)}` }, words);
  }
}

/** Keeps a receipt, durably. Throws what the file system throws. */
export function keepReceipt(stateDir: string, receipt: string): void {
  replaceFileSync(join(stateDir, files.receipt), `${receipt}\n`, 0o600);
}

/** The private key of a machine without a certificate. */
export interface EnrolmentKey {
  readonly key: KeyObject;
  /** Writes it to the disk, unless it is there. Throws what the file system throws. */
  readonly keep: () => void;
}

/**
 * The private key of a machine without a certificate, made at its first start, and again if it is damaged. On a full disk it is
 * in memory only. With `isTrial` nothing is written. Throws FILE_UNREADABLE.
 */
export function enrolmentKey(
  stateDir: string,
  { log, isTrial = false }: { readonly log: Logger; readonly isTrial?: boolean },
): EnrolmentKey {
  const file = join(stateDir, files.key);
  if (existsSync(file)) {
    const pem = readSecret(file, 'the enrolment key');
    try {
      return { key: createPrivateKey(pem), keep: () => {} };
    } catch (error) {
      const words =
        'the enrolment key is empty or damaged: the machine makes another one, and if it was enrolled with this one, it may have to be released';
      if (isTrial) log.error({ file, reason: messageOf(error) }, words);
      else moveAside(file, error, log, words);
    }
  }
  const key = generateKeyPairSync('ed25519').privateKey;
  let isKept = isTrial;
  const keep = () => {
    if (!isKept) replaceFileSync(file, key.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    isKept = true;
  };
  try {
    keep();
  } catch (error) {
    if (!isErrno(error)) throw error;
    log.error(
      { reason: messageOf(error) },
      'the enrolment key is only in memory: after a restart this machine has another one',
    );
  }
  return { key, keep };
}

/** SHA-256 of a public key (SPKI, DER), hexadecimal. */
export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Remembers where the token is, for the time when the configuration no longer says it. */
export function rememberToken(stateDir: string, { token }: Pick<SecurityConfig, 'token'>, log: Logger): void {
  if (token === undefined) return;
  const file = join(stateDir, files.place);
  const place = resolve(token);
  try {
    if (placeIn(file) !== place) replaceFileSync(file, `${place}\n`, 0o600);
  } catch (error) {
    if (!isErrno(error)) throw error;
    log.error(
      { reason: messageOf(error) },
      'cannot note the path of the enrolment token: it is not removed when this host has a certificate',
    );
  }
}

// What is no file there is replaced, or cannot be, which is said then.
function placeIn(file: string): string | undefined {
  try {
    return readRegularFileSync(file, { most: 64 * 1024 })
      .toString('utf8')
      .trim();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/**
 * Removes what a machine no longer needs once it has connected with a certificate: its enrolment token, its receipt and
 * its enrolment key. What cannot be removed is said in the log, and tried again at the next start.
 */
export function endEnrolment(stateDir: string, log: Logger): void {
  const memory = join(stateDir, files.place);
  if (!existsSync(memory)) return;
  const token = placeIn(memory);
  if (token === undefined || token === '') {
    const reason = new Error('it is empty or cannot be read');
    moveAside(memory, reason, log, 'cannot find the enrolment token: if there is one, remove it');
    return;
  }
  try {
    remove(token);
    log.info({ file: token }, 'removed the enrolment token: this host has a certificate now');
    for (const name of [files.receipt, files.key, files.place]) remove(join(stateDir, name));
  } catch (error) {
    log.warn(
      { file: token, reason: systemReasonOf(error) },
      'cannot remove the enrolment token or its receipt: remove the file, because anyone who has it can join',
    );
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
