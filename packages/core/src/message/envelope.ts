import { TroupeError } from '../errors.js';
import { parseJson } from '../security/json.js';
import type { Proof, Signer, Verifier } from '../security/security.js';
import type { MessageProtection } from '../security/session-keys.js';

/** Bytes. A larger message is refused before anything of it is read. */
export const maxMessageBytes = 1024 * 1024;

/** A message out of its envelope, and what the signature proves of its author. */
export interface Opened {
  readonly payload: unknown;
  readonly proof: Proof;
}

/** Signs or seals a message, as `protection` asks: a JWS in compact form (RFC 7515). */
export async function seal(
  payload: unknown,
  signer: Signer,
  protection?: MessageProtection,
): Promise<Uint8Array> {
  return sealText(JSON.stringify(payload), signer, protection);
}

/** As {@link seal}, for a message that is JSON already. */
export async function sealText(
  json: string,
  signer: Signer,
  protection?: MessageProtection,
): Promise<Uint8Array> {
  return Buffer.from(await signer.sign(Buffer.from(json), protection), 'latin1');
}

/** Checks size and signature, and only then reads the message. Throws MESSAGE_MALFORMED, SIGNATURE_INVALID, CERTIFICATE_INVALID, TOKEN_INVALID. */
export async function open(bytes: Uint8Array, verifier: Verifier): Promise<Opened> {
  if (bytes.length > maxMessageBytes) {
    throw new TroupeError(
      'MESSAGE_MALFORMED',
      `the message has ${bytes.length} bytes; the limit is ${maxMessageBytes}`,
    );
  }
  const { payload, proof } = await verifier.verify(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'),
  );
  return { payload: parseJson(payload), proof };
}
