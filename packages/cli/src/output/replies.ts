import { type Result, silentStates } from '@troupe/client';
import { naturalOrder } from '@troupe/core/internal';
import type { Display } from '../command-line/options.js';

/** Whether a target did not reply. */
export function isSilent({ state }: Pick<Result<unknown>, 'state'>): boolean {
  return silentStates.some((silent) => silent === state);
}

/** Whether a reply is to be shown. */
export function isShown({ ok }: Pick<Result<unknown>, 'ok'>, display: Display): boolean {
  return display === 'all' || (display === 'ok' && ok) || (display === 'failed' && !ok);
}

/** Orders by the node's name. */
export function bySender(one: Pick<Result, 'sender'>, other: Pick<Result, 'sender'>): number {
  return naturalOrder(one.sender, other.sender);
}
