import { TroupeError } from '@troupe/core';

/** Why a received message was rejected, in the words of the log. */
export function rejectionOf(error: unknown): 'malformed' | 'authentication failed' {
  const isMalformed = error instanceof TroupeError && error.code === 'MESSAGE_MALFORMED';
  return isMalformed ? 'malformed' : 'authentication failed';
}
