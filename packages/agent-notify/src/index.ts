import { randomUUID } from 'node:crypto';
import { ActionError, defineAgent, Status } from '@troupe/core';
import ddl from '@troupe/ddl/notify.json' with { type: 'json' };
import { openProtocols } from './config.js';
import { deliver } from './deliver.js';
import { DeliveryError, RecipientError } from './protocol.js';

export type { NotifyConfig } from './config.js';
export type { MailtoConfig } from './protocols/mailto.js';
export { type EndpointConfig, signatureOf, type WebhookConfig } from './protocols/webhook.js';

/** Delivers notifications by the protocols that its section of the configuration sets up. */
export default defineAgent(ddl, (config, host) => {
  const protocols = openProtocols(config);
  return {
    sendmsg: async ({ recipient, subject, message }, { requestId, signal, log }) => {
      const notification = {
        id: idOf(requestId),
        recipient,
        subject: subject?.trim() || `Message from ${host.identity}`,
        message,
        time: new Date(),
      };
      try {
        const protocol = await deliver(protocols, notification, signal);
        log.info({ protocol, recipient, id: notification.id }, 'delivered');
        return { msg: `Delivered to ${recipient}`, protocol, recipient, id: notification.id };
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        const status = error instanceof RecipientError ? Status.invalidData : Status.aborted;
        throw new ActionError(error.message, status, { cause: error });
      }
    },
  };
});

// The id of a request is its caller's choice, and this one ends up in a header.
function idOf(requestId: string): string {
  return /^[\w.-]{1,100}$/.test(requestId) ? requestId : randomUUID();
}
