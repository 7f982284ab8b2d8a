import { checkConfig } from '@troupe/core';
import { configFault } from './config-fault.js';
import type { Protocol } from './protocol.js';
import { type MailtoConfig, mailto } from './protocols/mailto.js';
import { type WebhookConfig, webhook } from './protocols/webhook.js';

/** The agent's section of the configuration: a section for each protocol that is to work. */
export interface NotifyConfig {
  readonly mailto?: MailtoConfig;
  readonly webhook?: WebhookConfig;
}

const properties = { mailto: mailto.schema, webhook: webhook.schema };
// One level more than the section has, so that each fault names the agent.
const schema = {
  type: 'object',
  properties: { notify: { type: 'object', properties, additionalProperties: false } },
};

/** Checks the agent's section and opens the protocols it configures, by name. Throws CONFIG_INVALID. */
export function openProtocols(section: unknown): ReadonlyMap<string, Protocol> {
  const config = checkConfig<{ notify: NotifyConfig }>({ notify: section }, schema, 'plugins').notify;
  const protocols = new Map<string, Protocol>();
  if (config.mailto) protocols.set('mailto', mailto.open(config.mailto));
  if (config.webhook) protocols.set('webhook', webhook.open(config.webhook));
  if (protocols.size === 0) {
    const names = Object.keys(properties).join(' or ');
    throw configFault('', `no protocol is configured: add a section ${names}`);
  }
  return protocols;
}
