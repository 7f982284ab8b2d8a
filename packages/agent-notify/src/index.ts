import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ActionError, defineAgent, Status } from '@troupe/core';
import ddl from '@troupe/ddl/notify.json' with { type: 'json' };
import { openConfig } from './config.js';
import { checkRecipient, deliver, parseRecipient } from './deliver.js';
import { DeliveryError, RecipientError } from './delivery-error.js';
import { coveredBy } from './digest.js';
import type { Notification } from './notification.js';
import { SpoolFolder } from './spool/folder.js';
import type { SendResult } from './spool/send-result.js';
import { Spool } from './spool/spool.js';
import { describe } from './spool/view.js';

export type { NotifyConfig } from './config.js';
export { signatureOf } from './protocols/webhook.js';

/** Characters of JSON that the fields of a message may take. */
const MAX_FIELDS = 10_000;

/** Delivers notifications, now or later, by the protocols configured in its section. */
export default defineAgent(ddl, async (config, host) => {
  const opened = openConfig(config);
  for (const warning of opened.warnings) host.log.warn(warning);
  const spool = await Spool.open({
    folder: await SpoolFolder.open(join(host.stateDir, 'spool'), host.log),
    policy: opened.spool,
    deliver: (notification, signal) => deliver(opened, notification, signal),
    log: host.log,
  });
  host.onClose(() => spool.close());
  return {
    sendmsg: async (input, { requestId, caller, signal, timeoutSeconds }) => {
      const { recipient, message, subject, id, fields = {} } = input;
      if (JSON.stringify(fields).length > MAX_FIELDS)
        throw new ActionError(
          `fields is too large: more than ${MAX_FIELDS} characters of JSON`,
          Status.invalidData,
        );
      const notification: Notification = {
        id: id ?? idOf(requestId),
        recipient,
        subject: subject?.trim() || `Message from ${host.identity}`,
        message,
        time: new Date(),
        caller,
        host: host.identity,
        fields,
        covers: coveredBy(fields),
      };
      try {
        checkRecipient(opened, recipient);
      } catch (error) {
        throw failure(error);
      }
      // The caller gets the state known so far a little before its own timeout.
      const patience = AbortSignal.timeout(timeoutSeconds * 800);
      const outcome = await spool.send(notification, {
        keep: input.spool ?? true,
        remember: id !== undefined,
        signal: AbortSignal.any([signal, patience]),
      });
      return replyTo(notification, outcome);
    },
    spool: ({ state = 'all', limit = 100 }) => describe(spool, { state, limit }),
    retry: async ({ id, all }) => {
      const count = await spool.retry(chosen(id, all, 'every message in the spool'));
      return {
        count,
        msg: count === 0 ? absenceOf(id) : `${count === 1 ? '1 message' : `${count} messages`} being retried`,
      };
    },
    discard: async ({ id, all }) => {
      const count = await spool.discard(chosen(id, all, 'every dead letter'));
      return {
        count,
        msg: count === 0 ? absenceOf(id) : `${count === 1 ? '1 message' : `${count} messages`} deleted`,
      };
    },
  };
});

function replyTo({ id, recipient }: Notification, outcome: SendResult) {
  const { name: protocol } = parseRecipient(recipient);
  const about = { state: outcome.state, protocol, recipient, id };
  if (outcome.state === 'failed') throw failure(outcome.error);
  if (outcome.state === 'delivered')
    return {
      ...about,
      msg: outcome.isRepeat
        ? `Already delivered to ${recipient} earlier; not delivered again`
        : `Delivered to ${recipient}`,
    };
  const { reason } = outcome;
  const next_attempt = new Date(outcome.next).toISOString();
  return {
    ...about,
    reason,
    next_attempt,
    msg: `Not delivered yet, next attempt at ${next_attempt}: ${reason}`,
  };
}

function failure(error: unknown): unknown {
  if (!(error instanceof DeliveryError)) return error;
  const status = error instanceof RecipientError ? Status.invalidData : Status.aborted;
  return new ActionError(error.message, status, { cause: error });
}

// Without an id, all=true is required: all messages must be requested explicitly.
function chosen(id: string | undefined, all: boolean | undefined, what: string): string | undefined {
  if ((id === undefined) === (all !== true))
    throw new ActionError(`specify either id, or all=true for ${what}`, Status.missingData);
  return id;
}

// Not a failure: of several notifiers, one has the message.
function absenceOf(id: string | undefined): string {
  return id === undefined ? 'No such messages in the spool' : `Message "${id}" not found in the spool`;
}

// The id of a request is its caller's choice, and this one ends up in a header.
function idOf(requestId: string): string {
  return /^[\w.-]{1,100}$/.test(requestId) ? requestId : randomUUID();
}
