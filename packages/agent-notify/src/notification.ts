/** A message for one recipient, as its caller gave it. */
export interface Notification {
  /** Names the message at the recipient's side; a repeated delivery has the same one. */
  readonly id: string;
  /** `protocol://rest`. */
  readonly recipient: string;
  /** One line. */
  readonly subject: string;
  readonly message: string;
  readonly time: Date;
  /** Who sent it, such as `rip.mcollective`. */
  readonly caller: string;
  /** The identity of the host that delivers it. */
  readonly host: string;
  /** What else the caller says, for templates. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Ids of the messages that it stands for, if it is a digest. */
  readonly covers?: readonly string[];
}
