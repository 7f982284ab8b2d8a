import { offeredExports } from '../running.js';

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
