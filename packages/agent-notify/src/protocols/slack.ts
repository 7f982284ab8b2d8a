import { type ConfigOf, optionalSection } from '@troupe/core';
import { cut } from '@troupe/core/internal';
import { ca, file, timeout } from '../section/keys.js';
import { finder, namedSchema } from '../section/named.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear } from '../section/url.js';
import { inMrkdwn } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { deliverByHttp } from './http.js';
import type { Protocol, ProtocolKind } from './protocol.js';

// https://docs.slack.dev/reference/methods/chat.postMessage: longer texts are cut there.
const MAX_TEXT = 40_000;

const schema = optionalSection(
  {
    webhooks: namedSchema(
      optionalSection(
        {
          url_file: file('File with the URL of an incoming webhook.'),
          template: templateSchema,
        },
        'url_file',
      ),
    ),
    ca,
    timeout: timeout(10),
    template: templateSchema,
  },
  'webhooks',
);

/** The incoming webhooks by name, each of which posts to one channel. */
export type SlackConfig = ConfigOf<typeof schema>;

/** A message in a Slack channel by an incoming webhook: `slack://NAME` for the webhook NAME of the configuration. */
export const slack: ProtocolKind<typeof schema> = {
  schema,
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
