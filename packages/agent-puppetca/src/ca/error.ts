/** Why a CA did not do what was asked. */
export type CaErrorCode =
  /** A name that no certificate may have. */
  | 'CERTNAME_INVALID'
  /** The rules of this agent forbid it. */
  | 'REFUSED'
  /** The request is not the one that the caller expects. */
  | 'FINGERPRINT_MISMATCH'
  | 'NOT_FOUND'
  /** The state of the name does not allow it. */
  | 'CONFLICT'
  /** The CA does not let this host administer it. */
  | 'FORBIDDEN'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  /** The CA answered with something else than it should. */
  | 'UNEXPECTED';

/** What a CA refused or failed to do: a code for programs, one line for people. */
export class CaError extends Error {
  override readonly name = 'CaError';
  readonly code: CaErrorCode;

  constructor(code: CaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
