import { statSync } from 'node:fs';
import {
  callerTrust,
  isReceipt,
  listsOf,
  TokenLedger,
  type Trust,
  TrustStore,
  verifyReceipt,
  verifyToken,
} from '@troupe/core';
import { readRegularFileSync } from '@troupe/core/regular-file';
import type { BrokerConfig, SecurityConfig } from '../config.js';
import type { VerifyToken } from './authenticate.js';

/**
 * Checks enrolment tokens against the CA of callers and its revocation list, as the files are at that moment;
 * nothing where the configuration names no CA. A token proves no name, so what is counted of a token of limited use
 * are the names that its holders give. Throws FILE_UNREADABLE.
 */
export function tokenVerifier(
  security: SecurityConfig,
  enrolment: Pick<BrokerConfig['enrolment'], 'revoked' | 'ledger'> = {},
): VerifyToken | undefined {
  const { crl, callers } = security;
  const ca = callers.ca ?? security.ca;
  if (ca === undefined) return undefined;
  const { revoked, ledger: file } = enrolment;
  const ledger = new TokenLedger({ ...(revoked && { revoked }), ...(file && { file }) });
  let trust: Trust | undefined;
  let stamp = '';
  return async (token, name) => {
    const current = [ca, crl].map(stampOf).join();
    if (!trust || current !== stamp) {
      trust = callerTrust(readTrust(ca, crl), callers.authorities);
      stamp = current;
    }
    if (isReceipt(token)) return verifyReceipt(token, { trust, issuers: callers.match, ledger, name });
    return verifyToken(token, { trust, issuers: callers.match, ledger, holder: name, name });
  };
}

// The file of lists also holds those of CAs that vouch for nodes only.
function readTrust(caFile: string, crlFile: string | undefined): TrustStore {
  const ca = readRegularFileSync(caFile).toString('utf8');
  const crl = crlFile === undefined ? '' : listsOf(ca, readRegularFileSync(crlFile).toString('utf8'));
  return new TrustStore({ ca, crl });
}

function stampOf(file: string | undefined): string {
  if (file === undefined) return '';
  const { ino, mtimeMs, size } = statSync(file);
  return `${ino}:${mtimeMs}:${size}`;
}
