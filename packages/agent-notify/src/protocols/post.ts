import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** What a web server answered. */
export interface Answer {
  readonly status: number;
  /** The beginning of the body. */
  readonly text: string;
  /** Where it redirects to, if it does. */
  readonly location?: string;
}

const MAX_TEXT_BYTES = 4096;

// Node's fetch knows no CA of one's own, which servers inside a company have: hence node:https.
/** Posts a body to an http or https URL; redirects are not followed. Rejects where no answer comes. */
export async function post(
  url: string,
  options: { body: string; headers: Record<string, string>; signal: AbortSignal; ca?: string },
): Promise<Answer> {
  const { body, headers, signal, ca } = options;
  const send = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    signal,
    agent: false,
    ...(ca === undefined ? {} : { ca }),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  // From here on it is the response that tells of errors; the request repeats them.
  request.on('error', () => {});
  const { statusCode = 0, headers: answered } = response;
  const isRedirect = statusCode >= 300 && statusCode < 400 && answered.location !== undefined;
  return {
    status: statusCode,
    text: await beginning(response),
    ...(isRedirect ? { location: answered.location ?? '' } : {}),
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
