import { createHmac } from 'node:crypto';
import { messageOf } from '@troupe/core';
import { configFault } from '../config-fault.js';
import { oneLine } from '../one-line.js';
import { DeliveryError, type Notification, type Protocol, type ProtocolKind } from '../protocol.js';
import { readConfigured, readSecret } from '../secret-file.js';
import { type Answer, post } from './post.js';

/** Where a notification is posted to; callers know it by its name alone. */
export interface EndpointConfig {
  url: string;
  /** File with the key of the HMAC-SHA256 in the header X-Hub-Signature-256. */
  secret_file?: string;
  /** PEM file of the CAs that the server's certificate may be from; those that Node knows when absent. */
  ca?: string;
}

/** The endpoints by name. */
export interface WebhookConfig {
  endpoints: Record<string, EndpointConfig>;
  /** Seconds for a whole delivery. */
  timeout: number;
}

/** JSON to a web server: `webhook://NAME` for the endpoint NAME of the configuration. */
export const webhook: ProtocolKind<WebhookConfig> = {
  schema: {
    type: 'object',
    properties: {
      endpoints: {
        type: 'object',
        minProperties: 1,
        propertyNames: { pattern: '^[A-Za-z0-9._-]+$' },
        additionalProperties: {
          type: 'object',
          properties: {
            url: { type: 'string', pattern: '^https?://' },
            secret_file: { type: 'string', minLength: 1 },
            ca: { type: 'string', minLength: 1 },
          },
          required: ['url'],
          additionalProperties: false,
        },
      },
      timeout: { type: 'number', exclusiveMinimum: 0, maximum: 600, default: 10 },
    },
    required: ['endpoints'],
    additionalProperties: false,
  },
  open,
};

function open({ endpoints, timeout }: WebhookConfig): Protocol {
  const known = new Map(Object.entries(endpoints));
  for (const [name, endpoint] of known) {
    checkUrl(name, endpoint.url);
    secretsOf(name, endpoint);
  }
  return {
    deliver: async (name, notification, signal) => {
      const endpoint = known.get(name);
      if (endpoint) return deliver(name, endpoint, timeout, notification, signal);
      const names = [...known.keys()].join(', ');
      throw new DeliveryError(`Webhook "${name}" is not configured here; configured are: ${names}`);
    },
  };
}

async function deliver(
  name: string,
  endpoint: EndpointConfig,
  timeout: number,
  { id, recipient, subject, message, time }: Notification,
  signal: AbortSignal,
): Promise<void> {
  const { ca, secret } = secretsOf(name, endpoint);
  const body = JSON.stringify({ id, recipient, subject, message, time: time.toISOString() });
  const limit = AbortSignal.timeout(timeout * 1000);
  let answer: Answer;
  try {
    answer = await post(endpoint.url, {
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'troupe-notify',
        ...(secret === undefined ? {} : { 'x-hub-signature-256': signatureOf(body, secret) }),
      },
      signal: AbortSignal.any([signal, limit]),
      ...(ca === undefined ? {} : { ca }),
    });
  } catch (cause) {
    if (signal.aborted) throw new DeliveryError(`The delivery to webhook "${name}" was cancelled`, { cause });
    if (limit.aborted) throw new DeliveryError(`Webhook "${name}" took longer than ${timeout} s`, { cause });
    throw new DeliveryError(`Webhook "${name}" cannot be reached: ${oneLine(messageOf(cause))}`, { cause });
  }
  if (answer.status >= 200 && answer.status < 300) return;
  throw new DeliveryError(`Webhook "${name}" did not accept the message: ${reasonOf(answer)}`);
}

/** `sha256=` and the HMAC of the body in hex, as GitHub's webhooks have it and many receivers check it. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

// The URL may hold a secret, and so may the one that it redirects to: neither is shown.
function reasonOf({ status, text, location }: Answer): string {
  if (location !== undefined) return `it answered ${status}, a redirect, which is never followed`;
  const said = oneLine(text, 200);
  return said === '' ? `it answered ${status}` : `it answered ${status}: ${said}`;
}

function checkUrl(name: string, url: string): void {
  const key = `webhook.endpoints.${name}.url`;
  if (!URL.canParse(url)) throw configFault(key, 'is not a URL');
  const { username, password } = new URL(url);
  if (username !== '' || password !== '') {
    throw configFault(key, 'must not hold a login: sign with secret_file instead');
  }
}

function secretsOf(name: string, { ca, secret_file }: EndpointConfig): { ca?: string; secret?: string } {
  const key = `webhook.endpoints.${name}`;
  return {
    ...(ca === undefined ? {} : { ca: readConfigured(ca, `${key}.ca`) }),
    ...(secret_file === undefined ? {} : { secret: readSecret(secret_file, `${key}.secret_file`) }),
  };
}
