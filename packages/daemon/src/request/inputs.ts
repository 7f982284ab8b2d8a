import { type Proof, type Request, type SessionKeys, TroupeError } from '@troupe/core';
import { isHash, parseJson } from '@troupe/core/internal';

/** A request with all of its inputs in one place. */
export interface WholeRequest {
  readonly request: Request;
  /** The names of those that came encrypted. */
  readonly secrets: ReadonlySet<string>;
  /** Whether some could not be read, because they are encrypted with a key that is not agreed here. */
  readonly isKeyUnknown: boolean;
}

/** Decrypts the secret inputs of a request. Throws SIGNATURE_INVALID if they were altered, MESSAGE_MALFORMED if they are no inputs. */
export function withSecretInputs(
  request: Request,
  proof: Proof,
  sessionKeys: SessionKeys | undefined,
): WholeRequest {
  if (request.secret === undefined) return { request, secrets: new Set(), isKeyUnknown: false };
  const { secret, ...open } = request;
  const peer = proof.answer?.peer;
  const plaintext = peer && sessionKeys?.decrypt(secret, peer);
  if (!plaintext) return { request: open, secrets: new Set(), isKeyUnknown: true };
  const hidden = parseJson(plaintext);
  if (!isHash(hidden)) throw new TroupeError('MESSAGE_MALFORMED', 'the encrypted inputs are not an object');
  const twice = Object.keys(hidden).find((name) => Object.hasOwn(request.input, name));
  if (twice !== undefined)
    throw new TroupeError('MESSAGE_MALFORMED', 'an input is given twice: encrypted and not encrypted');
  return {
    request: { ...open, input: { ...request.input, ...hidden } },
    secrets: new Set(Object.keys(hidden)),
    isKeyUnknown: false,
  };
}
