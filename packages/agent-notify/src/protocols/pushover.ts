import { type ConfigOf, optionalSection } from '@troupe/core';
import { cut } from '@troupe/core/internal';
import { ca, file, timeout, webUrl } from '../section/keys.js';
import { finder, namedSchema } from '../section/named.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear } from '../section/url.js';
import { asIs } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { deliverByHttp } from './http.js';
import type { Protocol, ProtocolKind } from './protocol.js';

const schema = optionalSection(
  {
    users: namedSchema(
      optionalSection(
        {
          user_file: file('File with the user key or group key.'),
          device: {
            type: 'string',
            pattern: '^[A-Za-z0-9_-]{1,25}$',
            description: 'Device of the user (default: all devices).',
          },
          priority: {
            type: 'integer',
            minimum: -2,
            maximum: 1,
            description:
              'Priority, from -2 (no notification) to 1 (high, bypasses quiet hours). 2 (emergency) is not supported.',
          },
          template: templateSchema,
        },
        'user_file',
      ),
    ),
    token_file: file('File with the API token of the application.'),
    url: {
      ...webUrl,
      default: 'https://api.pushover.net/1/messages.json',
      description: 'URL of the service.',
    },
    ca,
    timeout: timeout(10),
    template: templateSchema,
  },
  'users',
  'token_file',
);

/** The application at Pushover, and its users by the names that callers know. */
export type PushoverConfig = ConfigOf<typeof schema>;

/** A user or group of Pushover. */
export type PushoverUserConfig = PushoverConfig['users'][string];

/** A push message by Pushover: `pushover://NAME` for the user NAME of the configuration. */
export const pushover: ProtocolKind<typeof schema> = {
  schema,
  open: (config): Protocol => {
    for (const [name, user] of Object.entries(config.users)) secretsOf(config, name, user);
    const find = finder('Pushover user', config.users);
    const own = withTemplates(layoutOf('{{message}}', asIs), config.template);
    return {
      layout: (name) => withTemplates(own, find(name).template),
      deliver: async ({ address: name, subject, body, notification }, signal) => {
        const entry = find(name);
        const { user, token, ca } = secretsOf(config, name, entry);
        const { device, priority } = entry;
        // https://pushover.net/api: 250 characters of title, 1024 of message.
        const form = {
          token,
          user,
          title: cut(subject, 250),
          message: cut(body, 1024),
          timestamp: String(Math.floor(notification.time.getTime() / 1000)),
          ...(device === undefined ? {} : { device }),
          ...(priority === undefined ? {} : { priority: String(priority) }),
        };
        await deliverByHttp({
          what: `Pushover user "${name}"`,
          url: config.url,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams(form).toString(),
          ca,
          timeoutSeconds: config.timeout,
          signal,
          secrets: [token, user],
        });
      },
    };
  },
};

function secretsOf({ url, token_file, ca }: PushoverConfig, name: string, { user_file }: PushoverUserConfig) {
  checkNotInClear(url, 'pushover.url');
  return {
    user: readSecret(user_file, `pushover.users.${name}.user_file`),
    token: readSecret(token_file, 'pushover.token_file'),
    ca: ca === undefined ? undefined : readConfigured(ca, 'pushover.ca'),
  };
}
