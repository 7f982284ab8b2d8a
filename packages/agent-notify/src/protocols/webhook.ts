import { createHmac } from 'node:crypto';
import { type ConfigOf, optionalSection } from '@troupe/core';
import { ca, file, timeout, webUrl } from '../section/keys.js';
import { finder, namedSchema } from '../section/named.js';
import { oneOf } from '../section/one-of.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear, checkUrl } from '../section/url.js';
import { structureOf } from '../structure.js';
import { asIs, inForm, inJson, inXml } from '../template/escape.js';
import { type Layout, layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { deliverByHttp } from './http.js';
import type { Letter, Protocol, ProtocolKind } from './protocol.js';

const schema = optionalSection(
  {
    endpoints: namedSchema(
      optionalSection({
        url: {
          ...webUrl,
          description: 'URL to which messages are posted; either this or `url_file` is required.',
        },
        url_file: file('File with the URL, if the URL contains a secret.'),
        secret_file: file('File with the HMAC-SHA256 key for the header `X-Hub-Signature-256`.'),
        token_file: file('File with the token for the header `Authorization: Bearer`.'),
        ca,
        content_type: {
          type: 'string',
          pattern: '^[!-~ ]+/[!-~ ]+$',
          default: 'application/json',
          description: 'Content type of the body; determines how values in its template are escaped.',
        },
        template: templateSchema,
      }),
    ),
    timeout: timeout(10),
  },
  'endpoints',
);

/** The endpoints by name. */
export type WebhookConfig = ConfigOf<typeof schema>;

/** Where a notification is posted to; callers know it by its name alone. */
export type EndpointConfig = WebhookConfig['endpoints'][string];

/** JSON, or what a template makes, to a web server: `webhook://NAME` for the endpoint NAME of the configuration. */
export const webhook: ProtocolKind<typeof schema> = {
  schema,
  open,
};

function open({ endpoints, timeout }: WebhookConfig): Protocol {
  for (const [name, endpoint] of Object.entries(endpoints)) secretsOf(name, endpoint);
  const find = finder('Webhook', endpoints);
  return {
    layout: (name) => {
      const { content_type, template } = find(name);
      return withTemplates(layoutFor(content_type), template);
    },
    deliver: (letter, signal) => deliver(letter, find(letter.address), timeout, signal),
  };
}

async function deliver(
  { address: name, body }: Letter,
  endpoint: EndpointConfig,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { ca, url, secret, token } = secretsOf(name, endpoint);
  await deliverByHttp({
    what: `Webhook "${name}"`,
    url,
    headers: {
      'content-type': endpoint.content_type,
      ...(secret === undefined ? {} : { 'x-hub-signature-256': signatureOf(body, secret) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body,
    ca,
    timeoutSeconds,
    signal,
    secrets: [url, secret ?? '', token ?? ''],
  });
}

/** `sha256=` and the HMAC of the body in hex, as GitHub's webhooks have it and many receivers check it. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

const json: Layout = {
  ...layoutOf('"{{message}}"', inJson),
  whole: structureOf,
  check: (body) => {
    try {
      JSON.parse(body);
      return undefined;
    } catch {
      return 'the result is not valid JSON: put values between double quotes';
    }
  },
};

function layoutFor(contentType: string): Layout {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (/[/+]json$/.test(type)) return json;
  if (type === 'application/x-www-form-urlencoded')
    return layoutOf('id={{id}}&recipient={{recipient}}&subject={{subject}}&message={{message}}', inForm);
  if (/[/+](xml|html)$/.test(type)) return layoutOf('<p>{{subject}}</p><p>{{message}}</p>', inXml);
  return layoutOf('{{subject}}\n\n{{message}}\n', asIs);
}

function secretsOf(name: string, endpoint: EndpointConfig) {
  const key = `webhook.endpoints.${name}`;
  const { ca, url, url_file, secret_file, token_file } = endpoint;
  const secret = (path: string | undefined, what: string) =>
    path === undefined ? undefined : readSecret(path, `${key}.${what}`);
  oneOf(key, { url, url_file });
  const where = `${key}.${url === undefined ? 'url_file' : 'url'}`;
  const holdsSecret = url === undefined || token_file !== undefined;
  const target = url ?? secret(url_file, 'url_file') ?? '';
  return {
    url: holdsSecret ? checkNotInClear(target, where) : checkUrl(target, where),
    secret: secret(secret_file, 'secret_file'),
    token: secret(token_file, 'token_file'),
    ca: ca === undefined ? undefined : readConfigured(ca, `${key}.ca`),
  };
}
