import type { Credentials } from '../transport/credentials.js';
import type { MessageProtection, SessionKeys } from './session-keys.js';

/** What the enrolment of an author without a certificate allows. */
export interface Enrolment {
  /** The id of its token. */
  readonly token: string;
  /** The names that it may have: an exact name or `/regex/`; any if absent. */
  readonly names?: string;
  /** Whether it may have the certificate of another machine with its name replaced. */
  readonly replace: boolean;
  /** The names of those who may give it orders, as the token says. */
  readonly callers: string;
  /** The receipt that it has in the place of the token: its serial number, and its end in milliseconds since 1970. */
  readonly receipt?: { readonly serial: string; readonly ends: number };
}

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
  /** What its token allows; absent unless `vouchedBy` is `token`. */
  readonly enrolment?: Enrolment;
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
  /**
   * A machine with a token keeps the receipt of a provisioner, and shows it in the place of the token from then on.
   * Throws TOKEN_INVALID, and what the file system throws.
   */
  readonly acceptReceipt?: (receipt: string) => Promise<void>;
}
