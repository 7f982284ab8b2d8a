import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SecurityConfig } from '../config/sections.js';
import { isErrno, replaceFileSync } from '../durable-file.js';
import { messageOf, systemReasonOf, TroupeError } from '../errors.js';
import type { Logger } from '../log/logger.js';
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
 * The token that a configuration names, and the receipt that was kept for it. The token may have expired if there is a
 * receipt. Throws TOKEN_INVALID, FILE_UNREADABLE.
 */
export function loadEnrolment(
  config: Pick<SecurityConfig, 'token'>,
  stateDir: string,
  now = Date.now(),
): HeldEnrolment {
  const { token, claims } = readTokenFile(config);
  const receipt = keptReceipt(stateDir, claims, now);
  if (!receipt) checkTokenTime(claims, now);
  return { token, claims, ...(receipt && { receipt }) };
}

// A receipt for another token, or one whose time is over, is of no use.
function keptReceipt(stateDir: string, { jti }: TokenClaims, now: number): HeldEnrolment['receipt'] {
  const file = join(stateDir, files.receipt);
  if (!existsSync(file)) return undefined;
  try {
    const text = readSecret(file, 'the receipt of the enrolment').trim();
    const claims = readReceipt(text);
    return claims.token === jti && !isExpired(claims, now) ? { text, claims } : undefined;
  } catch {
    // The token is asked for then, and says what is wrong.
    return undefined;
  }
}

/** Keeps a receipt, durably. Throws what the file system throws. */
export function keepReceipt(stateDir: string, receipt: string): void {
  replaceFileSync(join(stateDir, files.receipt), `${receipt}\n`, 0o600);
}

/** The private key of a machine without a certificate, made at its first start. Throws FILE_UNREADABLE. */
export function enrolmentKey(stateDir: string): KeyObject {
  const file = join(stateDir, files.key);
  if (!existsSync(file)) {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    replaceFileSync(file, pem, 0o600);
  }
  return readKey(file);
}

function readKey(file: string): KeyObject {
  const pem = readSecret(file, 'the enrolment key');
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new TroupeError(
      'FILE_UNREADABLE',
      `the enrolment key ${file} is damaged: ${messageOf(cause)}: remove it, and the machine makes another one`,
      { cause },
    );
  }
}

/** SHA-256 of a public key (SPKI, DER), hexadecimal. */
export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Remembers where the token is, for the time when the configuration no longer says it. Throws what the file system throws. */
export function rememberToken(stateDir: string, { token }: Pick<SecurityConfig, 'token'>): void {
  if (token === undefined) return;
  const file = join(stateDir, files.place);
  const place = resolve(token);
  if (existsSync(file) && readFileSync(file, 'utf8').trim() === place) return;
  replaceFileSync(file, `${place}\n`, 0o600);
}

/**
 * Removes what a machine no longer needs once it has connected with a certificate: its enrolment token, its receipt and
 * its enrolment key. What cannot be removed is said in the log, and tried again at the next start.
 */
export function endEnrolment(stateDir: string, log: Logger): void {
  const memory = join(stateDir, files.place);
  if (!existsSync(memory)) return;
  const token = readFileSync(memory, 'utf8').trim();
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
