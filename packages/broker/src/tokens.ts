import { readFileSync, statSync } from 'node:fs';
import { TrustStore, verifyToken } from '@troupe/core';
import { readCrl, splitPem } from '@troupe/core/pki';
import type { VerifyToken } from './authenticate.js';
import type { SecurityConfig } from './config.js';

/**
 * Checks enrolment tokens against the CA of callers and its revocation list, as the files are at that moment;
 * nothing where the configuration names no CA.
 */
export function tokenVerifier(security: SecurityConfig): VerifyToken | undefined {
  const { crl, callers } = security;
  const ca = callers.ca ?? security.ca;
  if (ca === undefined) return undefined;
  let trust: TrustStore | undefined;
  let stamp = '';
  return async (token) => {
    const current = [ca, crl].map(stampOf).join();
    if (!trust || current !== stamp) {
      trust = readTrust(ca, crl);
      stamp = current;
    }
    return verifyToken(token, { trust, issuers: callers.match });
  };
}

// The file of lists also holds those of CAs that vouch for nodes only.
function readTrust(caFile: string, crlFile: string | undefined): TrustStore {
  const ca = readFileSync(caFile, 'utf8');
  const lists = crlFile === undefined ? [] : splitPem(readFileSync(crlFile, 'utf8'));
  const crl = lists.filter((list) => splitPem(ca).some((authority) => readCrl(list).verify(authority)));
  return new TrustStore({ ca, crl: crl.join('') });
}

function stampOf(file: string | undefined): string {
  if (file === undefined) return '';
  const { ino, mtimeMs, size } = statSync(file);
  return `${ino}:${mtimeMs}:${size}`;
}
