import { TroupeError } from '../errors.js';
import type { Proof, Signer, Verifier } from '../security/security.js';
import type { Closing } from '../security/session-keys.js';

/** Bytes. A larger message is refused before anything of it is read. */
export const maxMessageBytes = 1024 * 1024;

// JSON nests no deeper than this in any message of ours; a deeper one is an attack on what walks it.
const maxDepth = 40;

/** A message out of its envelope, and what the signature proves of its author. */
export interface Opened {
  readonly payload: unknown;
  readonly proof: Proof;
}

/** Signs a message, or seals it where the closing says so: a JWS in compact form (RFC 7515). */
export async function seal(payload: unknown, signer: Signer, closing?: Closing): Promise<Uint8Array> {
  return sealText(JSON.stringify(payload), signer, closing);
}

/** As {@link seal}, for a message that is JSON already. */
export async function sealText(json: string, signer: Signer, closing?: Closing): Promise<Uint8Array> {
  return Buffer.from(await signer.sign(Buffer.from(json), closing), 'latin1');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Checks size and signature, and only then reads the message. Throws MESSAGE_MALFORMED, SIGNATURE_INVALID, CERTIFICATE_INVALID, TOKEN_INVALID. */
export async function open(bytes: Uint8Array, verifier: Verifier): Promise<Opened> {
  if (bytes.length > maxMessageBytes) {
    throw new TroupeError(
      'MESSAGE_MALFORMED',
      `message of ${bytes.length} bytes: the most is ${maxMessageBytes}`,
    );
  }
  const { payload, proof } = await verifier.verify(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'),
  );
  return { payload: parseJson(payload), proof };
}

/** Parses bounded JSON of UTF-8 bytes. Throws MESSAGE_MALFORMED. */
export function parseJson(bytes: Uint8Array): unknown {
  checkDepth(bytes);
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new TroupeError('MESSAGE_MALFORMED', 'the message is not JSON in UTF-8', { cause });
  }
}

function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inString) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maxDepth) {
        throw new TroupeError('MESSAGE_MALFORMED', `the message nests deeper than ${maxDepth} levels`);
      }
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
}
