import { offeredExports } from '../running.js';
import type * as Own from './entry.js';

// As ../entry.ts, for what is about certificates.
const library = await (offeredExports()?.pki() ?? import('./index.js'));

export const {
  createCa,
  createCrl,
  createCsr,
  generateEcKeyPair,
  generateKeyPair,
  issueCertificate,
  readCertificate,
  readCrl,
  readCsr,
  readExtensions,
  sha256Fingerprint,
  splitPem,
} = library;

// Does not compile where an export is missing above, and names it.
type Missing = Exclude<keyof typeof library, keyof typeof Own>;
true satisfies [Missing] extends [never] ? true : Missing;
