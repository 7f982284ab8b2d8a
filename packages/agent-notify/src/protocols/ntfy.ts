import { type ConfigOf, optionalSection } from '@troupe/core';
import { cut } from '@troupe/core/internal';
import { ca, file, timeout, webUrl } from '../section/keys.js';
import { finder, namedSchema } from '../section/named.js';
import { oneOf } from '../section/one-of.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear, checkUrl } from '../section/url.js';
import { asIs } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { deliverByHttp } from './http.js';
import type { Protocol, ProtocolKind } from './protocol.js';

// https://docs.ntfy.sh/publish/#limitations: longer messages become attachments.
const MAX_BYTES = 4096;

const schema = optionalSection(
  {
    server: { ...webUrl, default: 'https://ntfy.sh', description: 'URL of the ntfy server.' },
    topics: namedSchema(
      optionalSection({
        topic: {
          type: 'string',
          pattern: '^[A-Za-z0-9_-]{1,64}$',
          description: 'Name of the topic; either this or `topic_file` is required.',
        },
        topic_file: file(
          'File with the name of the topic: on a public server anyone who knows the name can read the topic.',
        ),
        priority: {
          type: 'integer',
          minimum: 1,
          maximum: 5,
          description: 'Priority, from 1 (lowest) to 5 (highest).',
        },
        tags: {
          type: 'array',
          items: { type: 'string', minLength: 1 },
          description: 'Tags of the message.',
        },
        template: templateSchema,
      }),
    ),
    token_file: file('File with an access token of the server.'),
    ca,
    timeout: timeout(10),
    template: templateSchema,
  },
  'topics',
);

/** The server, and its topics by the names that callers know. */
export type NtfyConfig = ConfigOf<typeof schema>;

/** A topic. */
export type TopicConfig = NtfyConfig['topics'][string];

/** A push message by an ntfy server: `ntfy://NAME` for the topic NAME of the configuration. */
export const ntfy: ProtocolKind<typeof schema> = {
  schema,
  open: (config): Protocol => {
    for (const [name, topic] of Object.entries(config.topics)) secretsOf(config, name, topic);
    const find = finder('Ntfy topic', config.topics);
    const own = withTemplates(layoutOf('{{message}}', asIs), config.template);
    return {
      layout: (name) => withTemplates(own, find(name).template),
      deliver: async ({ address: name, subject, body }, signal) => {
        const entry = find(name);
        const { topic, token, ca } = secretsOf(config, name, entry);
        const { priority, tags } = entry;
        // Published as JSON, so that nothing of a message ever stands in a header.
        await deliverByHttp({
          what: `Ntfy topic "${name}"`,
          url: new URL('/', config.server).href,
          headers: {
            'content-type': 'application/json',
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify({ topic, title: cut(subject, 250), message: fitting(body), priority, tags }),
          ca,
          timeoutSeconds: config.timeout,
          signal,
          secrets: [token ?? '', entry.topic_file === undefined ? '' : topic],
        });
      },
    };
  },
};

function fitting(text: string): string {
  let fits = cut(text, MAX_BYTES);
  while (Buffer.byteLength(fits) > MAX_BYTES) fits = cut(fits, Math.floor(fits.length * 0.9));
  return fits;
}

function secretsOf(config: NtfyConfig, name: string, { topic, topic_file }: TopicConfig) {
  const key = `ntfy.topics.${name}`;
  oneOf(key, { topic, topic_file });
  const { server, token_file, ca } = config;
  if (token_file === undefined && topic_file === undefined) checkUrl(server, 'ntfy.server');
  else checkNotInClear(server, 'ntfy.server');
  return {
    topic: topic ?? readSecret(topic_file ?? '', `${key}.topic_file`),
    token: token_file === undefined ? undefined : readSecret(token_file, 'ntfy.token_file'),
    ca: ca === undefined ? undefined : readConfigured(ca, 'ntfy.ca'),
  };
}
