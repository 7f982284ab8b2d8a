import { type Validity, validityState } from '@troupe/core/internal';
import { about, type Finding } from './finding.js';

/** Checks whether a certificate or a revocation list is valid, and for long enough. */
export function validityFinding(subject: string, validity: Validity, now = Date.now()): Finding {
  const { level, message } = validityState(validity, now);
  return about(subject)[level](message);
}
