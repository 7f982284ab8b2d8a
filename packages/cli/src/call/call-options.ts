import type { CallOptions } from '@troupe/client';
import type { Filter } from '@troupe/core';
import type { TimeOptions } from '../command-line/options.js';
import type { Found } from './selection.js';

/** Whom a call goes to: who was left out by a limit must not run it, and who was named may have ceased to match. */
export function targetsOf(
  found: Found,
  filter: Filter,
): Pick<CallOptions, 'discovered' | 'targets' | 'filter'> {
  const isWhole = found.method === 'broadcast' && found.before === undefined;
  return {
    ...(isWhole ? { discovered: found } : { targets: found.nodes }),
    // What a source has judged by what it knows, the nodes need not judge again.
    filter: found.rest ?? filter,
  };
}

/** How long a call may take, as the options say. */
export function timesOf({ timeout, ttl }: TimeOptions): Pick<CallOptions, 'timeout' | 'ttl'> {
  return { ...(timeout === undefined ? {} : { timeout }), ...(ttl === undefined ? {} : { ttl }) };
}
