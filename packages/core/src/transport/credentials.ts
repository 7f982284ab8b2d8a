/** What a broker is shown of who connects. */
export interface Credentials {
  readonly tls?: {
    /** PEM. */
    readonly ca: readonly string[];
    readonly certificate?: string;
    readonly key?: string;
  };
  /** For an account that several clients share: replaces the client id that a client chooses itself. */
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  /** What a refusal by the broker may mean: MQTT 3.1.1 gives no reason. */
  readonly onRefusal?: string;
}
