/** What a broker is shown of who connects. */
export interface Credentials {
  readonly tls?: {
    /** PEM. */
    readonly ca: readonly string[];
    readonly certificate?: string;
    readonly key?: string;
  };
  /** A client id that others cannot guess; replaces the one that the process asks for. */
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  /** What a refusal by the broker may mean: MQTT 3.1.1 gives no reason. */
  readonly onRefusal?: string;
}
