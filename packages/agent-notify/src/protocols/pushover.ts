import { finder, namedSchema } from '../section/named.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear } from '../section/url.js';
import { asIs } from '../template/escape.js';
import { layoutOf, type TemplateConfig, templateSchema, withTemplates } from '../template/template.js';
import { cut } from '../text/cut.js';
import { deliverByHttp } from './http.js';
import type { Protocol, ProtocolKind } from './protocol.js';

/** A user or group of Pushover. */
export interface PushoverUserConfig {
  /** File with the user's key, or the group's. */
  user_file: string;
  device?: string;
  /** From -2, without a sound, to 1, which breaks quiet hours; 2 would need somebody to confirm it. */
  priority?: number;
  template?: TemplateConfig;
}

/** The application at Pushover, and its users by the names that callers know. */
export interface PushoverConfig {
  users: Record<string, PushoverUserConfig>;
  /** File with the token of the application. */
  token_file: string;
  url: string;
  /** PEM file of the CAs that the server's certificate may be from; those that Node knows when absent. */
  ca?: string;
  /** Seconds for a whole delivery. */
  timeout: number;
  template?: TemplateConfig;
}

const file = { type: 'string', minLength: 1 };

/** A push message by Pushover: `pushover://NAME` for the user NAME of the configuration. */
export const pushover: ProtocolKind<PushoverConfig> = {
  schema: {
    type: 'object',
    properties: {
      users: namedSchema({
        properties: {
          user_file: file,
          device: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,25}$' },
          priority: { type: 'integer', minimum: -2, maximum: 1 },
          template: templateSchema,
        },
        required: ['user_file'],
      }),
      token_file: file,
      url: { type: 'string', pattern: '^https?://', default: 'https://api.pushover.net/1/messages.json' },
      ca: file,
      timeout: { type: 'number', exclusiveMinimum: 0, maximum: 600, default: 10 },
      template: templateSchema,
    },
    required: ['users', 'token_file'],
    additionalProperties: false,
  },
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
