import type { Credentials } from '../transport/credentials.js';
import type { MessageProtection, SessionKeys } from './session-keys.js';

/** What a signature proves of the author of a message. */
export interface Proof {
  /** The name that is vouched for; absent where nobody vouches for one (`token`, `none`): the author says its own. */
  readonly name?: string;
  /** Who vouches: the CA, an enrolment token, or nobody (`none` mode). */
  readonly vouchedBy: 'ca' | 'token' | 'nobody';
  /** Tells two authors of one name apart: the fingerprint of the certificate or the key, hexadecimal. */
  readonly key: string;
  /** The only collective in which this author may speak: what an enrolment token is confined to. */
  readonly collective?: string;
  /** How to protect the replies to this author, if not with a plain signature. */
  readonly answer?: MessageProtection;
}

/** Signs what this process sends. */
export interface Signer {
  /** The name that its signature proves: an identity or a caller. */
  readonly name: string;
  /** Returns the payload as a JWS in compact form, signed or sealed as `protection` asks; signed by default. */
  sign(payload: Uint8Array, protection?: MessageProtection): Promise<string>;
}

/** Checks what this process receives. */
export interface Verifier {
  /** The payload and what is proved of its author. Throws TroupeError SIGNATURE_INVALID, CERTIFICATE_INVALID or TOKEN_INVALID. */
  verify(jws: string): Promise<{ readonly payload: Uint8Array; readonly proof: Proof }>;
}

/** How one end speaks and whom it believes: everything that a mode of security decides. */
export interface Security {
  readonly signer: Signer;
  /** A node checks callers with it; a client checks nodes. */
  readonly verifier: Verifier;
  /** Keys that save two ends signatures, and that encrypt secrets. */
  readonly sessionKeys?: SessionKeys;
  /** What the broker is shown. */
  readonly credentials: Credentials;
  /** Milliseconds since 1970: when our certificate or token is over, where we have one. */
  readonly expires?: () => number;
}
