/** What an enrolment token says: everything that a machine without a certificate needs to know. */
export interface TokenClaims {
  readonly v: 1;
  /** The token's own id. */
  readonly jti: string;
  /** Who made it: the common name of a caller. */
  readonly iss: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
  /** The one collective that its holder may join. */
  readonly collective: string;
  readonly brokers: readonly string[];
  /** PEM: the CAs that the broker and the callers must be from. */
  readonly ca: string;
  /** The names of those who may give orders to its holder. */
  readonly callers: string;
  /** Whether this network escapes dots in topics. */
  readonly escape?: boolean;
  /** Their account at a broker that does not check tokens; PEM. Without it, the broker is shown the token. */
  readonly account?: { readonly certificate: string; readonly key: string };
  /** How many machines may use it; any number without. Counted where a ledger is kept: by the broker and by callers. */
  readonly uses?: number;
  /** Conditions such as `region=eu` that a machine's facts must meet. The machine itself judges them: an honest one obeys. */
  readonly facts?: readonly string[];
  /** Names that its holder may have: an exact name or `/regex/`; any name if absent. */
  readonly names?: string;
  /** Whether its holder may take over a name that another machine had, and have that machine's certificate replaced. */
  readonly replace?: true;
}
