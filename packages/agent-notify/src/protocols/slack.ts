import { finder, namedSchema } from '../section/named.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear } from '../section/url.js';
import { inMrkdwn } from '../template/escape.js';
import { layoutOf, type TemplateConfig, templateSchema, withTemplates } from '../template/template.js';
import { cut } from '../text/cut.js';
import { deliverByHttp } from './http.js';
import type { Protocol, ProtocolKind } from './protocol.js';

/** The incoming webhooks by name, each of which posts to one channel. */
export interface SlackConfig {
  webhooks: Record<string, { url_file: string; template?: TemplateConfig }>;
  /** PEM file of the CAs that the server's certificate may be from; those that Node knows when absent. */
  ca?: string;
  /** Seconds for a whole delivery. */
  timeout: number;
  template?: TemplateConfig;
}

// https://docs.slack.dev/reference/methods/chat.postMessage: longer texts are cut there.
const MAX_TEXT = 40_000;

/** A message in a Slack channel by an incoming webhook: `slack://NAME` for the webhook NAME of the configuration. */
export const slack: ProtocolKind<SlackConfig> = {
  schema: {
    type: 'object',
    properties: {
      webhooks: namedSchema({
        properties: { url_file: { type: 'string', minLength: 1 }, template: templateSchema },
        required: ['url_file'],
      }),
      ca: { type: 'string', minLength: 1 },
      timeout: { type: 'number', exclusiveMinimum: 0, maximum: 600, default: 10 },
      template: templateSchema,
    },
    required: ['webhooks'],
    additionalProperties: false,
  },
  open: (config): Protocol => {
    for (const name of Object.keys(config.webhooks)) secretsOf(config, name);
    const find = finder('Slack webhook', config.webhooks);
    const own = withTemplates(layoutOf('*{{subject}}*\n{{message}}', inMrkdwn), config.template);
    return {
      layout: (name) => withTemplates(own, find(name).template),
      deliver: async ({ address: name, body }, signal) => {
        const { url, ca } = secretsOf(config, name);
        await deliverByHttp({
          what: `Slack webhook "${name}"`,
          url,
          headers: { 'content-type': 'application/json; charset=utf-8' },
          body: JSON.stringify({ text: cut(body, MAX_TEXT) }),
          ca,
          timeoutSeconds: config.timeout,
          signal,
          secrets: [url, new URL(url).pathname],
        });
      },
    };
  },
};

function secretsOf({ webhooks, ca }: SlackConfig, name: string) {
  const key = `slack.webhooks.${name}.url_file`;
  return {
    url: checkNotInClear(readSecret(webhooks[name]?.url_file ?? '', key), key),
    ca: ca === undefined ? undefined : readConfigured(ca, 'slack.ca'),
  };
}
