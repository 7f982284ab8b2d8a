import type { Readable } from 'node:stream';
import { waitFor } from '@troupe/testkit';

/** Resolves when a text was seen on a stream from now on, with all that was seen there by then. */
export async function printed(stream: Readable, text: string | RegExp): Promise<string> {
  let seen = '';
  stream.on('data', (chunk: Buffer) => {
    seen += chunk;
  });
  const isThere = () => (typeof text === 'string' ? seen.includes(text) : text.test(seen));
  await waitFor(`${text}`, isThere, { timeoutSeconds: 40 });
  return seen;
}
