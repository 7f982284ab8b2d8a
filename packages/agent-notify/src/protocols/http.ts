import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf } from '@troupe/core';
import { oneLine } from '@troupe/core/internal';
import { DeliveryError } from '../delivery-error.js';
import { withoutSecrets } from '../text/without-secrets.js';

/** A request to a web server, and the name of the server in messages. */
export interface HttpDelivery {
  /** Such as `Webhook "ops"`; the URL may hold a secret and is never shown. */
  readonly what: string;
  readonly url: string;
  readonly method?: 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** PEM of the CAs against which the server's certificate is verified; default: those of Node.js. */
  readonly ca?: string | undefined;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** What must not be shown, even if the server repeats it. */
  readonly secrets: readonly string[];
  /** Answers outside 200 to 299 that are good all the same. */
  readonly accept?: readonly number[];
}

/** What a web server answered. */
interface Answer {
  readonly status: number;
  /** The beginning of the body. */
  readonly text: string;
  readonly isRedirect: boolean;
  readonly retryAfter: string | undefined;
}

const MAX_TEXT_BYTES = 4096;

/** Sends a request and returns the beginning of the answer; redirects are not followed. Throws DeliveryError. */
export async function deliverByHttp(delivery: HttpDelivery): Promise<string> {
  const { what, timeoutSeconds, signal, secrets, accept = [] } = delivery;
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  let answer: Answer;
  try {
    answer = await ask(delivery, AbortSignal.any([signal, limit]));
  } catch (cause) {
    if (signal.aborted) throw new DeliveryError(`Delivery to ${lowerFirst(what)} was cancelled`, { cause });
    if (limit.aborted) throw new DeliveryError(`${what} timed out after ${timeoutSeconds} s`, { cause });
    const reason = withoutSecrets(oneLine(messageOf(cause), 300), secrets);
    throw new DeliveryError(`Cannot connect to ${lowerFirst(what)}: ${reason}`, { cause });
  }
  const { status } = answer;
  if ((status >= 200 && status < 300) || accept.includes(status)) return answer.text;
  throw new DeliveryError(`${what} did not accept the message: ${reasonOf(answer, secrets)}`, {
    isFinal: isFinal(status),
    retryAfterSeconds: retryAfterSeconds(answer.retryAfter),
  });
}

// Node's fetch cannot use a private CA, which servers inside a company have: hence node:https.
async function ask(delivery: HttpDelivery, signal: AbortSignal): Promise<Answer> {
  const { url, method = 'POST', headers, body, ca } = delivery;
  const send = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method,
    headers: { 'user-agent': 'troupe-notify', ...headers, 'content-length': Buffer.byteLength(body) },
    signal,
    agent: false,
    ...(ca === undefined ? {} : { ca }),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  // From here on it is the response that tells of errors; the request repeats them.
  request.on('error', () => {});
  const { statusCode = 0, headers: answered } = response;
  return {
    status: statusCode,
    text: await beginning(response),
    isRedirect: statusCode >= 300 && statusCode < 400 && answered.location !== undefined,
    retryAfter: answered['retry-after'],
  };
}

async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop closes the connection.
    if (size >= MAX_TEXT_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_TEXT_BYTES).toString('utf8');
}

// The URL that it redirects to may hold a secret too: it is not shown.
function reasonOf({ status, text, isRedirect }: Answer, secrets: readonly string[]): string {
  if (isRedirect) return `HTTP status ${status}, a redirect; redirects are not followed`;
  const detail = oneLine(withoutSecrets(text, secrets), 200);
  return detail === '' ? `HTTP status ${status}` : `HTTP status ${status}: ${detail}`;
}

// What is wrong with the request stays wrong; time-outs, "too early" and "too many" are not the request's fault.
function isFinal(status: number): boolean {
  return status >= 300 && status < 500 && ![408, 423, 425, 429].includes(status);
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterSeconds(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
