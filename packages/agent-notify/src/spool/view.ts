import type { Spool } from './spool.js';

/** The spool as its action shows it: how much waits and is dead, and the messages themselves without their texts. */
export function describe(spool: Spool, { state, limit }: { readonly state: string; readonly limit: number }) {
  const all = spool.records();
  const waiting = all.filter((record) => record.state === 'waiting');
  const shown = all.filter((record) => state === 'all' || record.state === state).slice(0, limit);
  const [oldest] = waiting;
  return {
    waiting: waiting.length,
    dead: all.length - waiting.length,
    damaged: spool.damaged,
    oldest_since: oldest ? new Date(oldest.since).toISOString() : '',
    messages: shown.map(({ state, notification, since, attempts, reason, next }) => ({
      id: notification.id,
      recipient: notification.recipient,
      subject: notification.subject,
      caller: notification.caller,
      state,
      since: new Date(since).toISOString(),
      attempts,
      reason,
      ...(state === 'waiting' ? { next_attempt: new Date(next).toISOString() } : {}),
    })),
  };
}
