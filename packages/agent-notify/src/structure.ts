import type { Notification } from './notification.js';
import { shortOf } from './text/short.js';

/**
 * A notification as JSON for programs, on one line: docs/reference/notification.schema.json. Subject and message are as
 * the templates made them.
 */
export function structureOf(
  { id, recipient, subject, message, time, caller, host, fields }: Notification,
  made: { readonly subject?: string; readonly message?: string } = {},
): string {
  return JSON.stringify({
    version: 1,
    id,
    recipient,
    subject: made.subject ?? subject,
    message: made.message ?? message,
    short: shortOf(message),
    time: time.toISOString(),
    caller,
    host,
    fields,
  });
}
