import { type ConfigOf, optionalSection } from '@troupe/core';
import { cut } from '@troupe/core/internal';
import { RecipientError } from '../delivery-error.js';
import { ca, file, timeout, webUrl } from '../section/keys.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear } from '../section/url.js';
import { withoutMentions } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { deliverByHttp } from './http.js';
import type { Letter, Protocol, ProtocolKind } from './protocol.js';

const TIMELINE = 'timeline';
const ACCOUNT = /^\w+([\w.-]*\w)?(@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d+)?)?$/;

const schema = optionalSection(
  {
    server: { ...webUrl, description: 'URL of the server, such as `https://social.example.net`.' },
    token_file: file('File with an access token that has the scope `write:statuses`.'),
    visibility: {
      enum: ['public', 'unlisted', 'private'],
      default: 'private',
      description: 'Visibility of messages to `mastodon://timeline`.',
    },
    max_length: {
      type: 'integer',
      minimum: 50,
      default: 500,
      description: 'Maximum number of characters that the server accepts.',
    },
    ca,
    timeout: timeout(20),
    template: templateSchema,
  },
  'server',
  'token_file',
);

/** The account that writes. */
export type MastodonConfig = ConfigOf<typeof schema>;

/** A status on Mastodon: `mastodon://timeline`, or `mastodon://USER@SERVER` for a message to one account. */
export const mastodon: ProtocolKind<typeof schema> = {
  schema,
  open: (config): Protocol => {
    secretsOf(config);
    const layout = withTemplates(layoutOf('{{subject}}\n\n{{message}}', withoutMentions), config.template);
    return {
      layout: (address) => {
        if (ACCOUNT.test(address)) return layout;
        throw new RecipientError(
          `Invalid Mastodon recipient ${JSON.stringify(address)}: expected "${TIMELINE}" or an account such as ops@social.example.net`,
        );
      },
      deliver: (letter, signal) => deliver(config, letter, signal),
    };
  },
};

async function deliver(
  config: MastodonConfig,
  { address, body, notification }: Letter,
  signal: AbortSignal,
): Promise<void> {
  const { server, visibility, max_length, timeout } = config;
  const { token, ca } = secretsOf(config);
  const isTimeline = address === TIMELINE;
  await deliverByHttp({
    what: `The Mastodon server ${new URL(server).host}`,
    url: new URL('/api/v1/statuses', server).href,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      // The server makes one status of requests with the same key, for an hour.
      'idempotency-key': `${notification.id} ${notification.recipient}`,
    },
    body: JSON.stringify({
      status: cut(isTimeline ? body : `@${address} ${body}`, max_length),
      visibility: isTimeline ? visibility : 'direct',
    }),
    ca,
    timeoutSeconds: timeout,
    signal,
    secrets: [token],
  });
}

function secretsOf({ server, token_file, ca }: MastodonConfig) {
  checkNotInClear(server, 'mastodon.server');
  return {
    token: readSecret(token_file, 'mastodon.token_file'),
    ca: ca === undefined ? undefined : readConfigured(ca, 'mastodon.ca'),
  };
}
