/** A message on its way to one recipient. */
export interface Notification {
  /** Names the message at the recipient's side; a repeated delivery has the same one. */
  readonly id: string;
  /** `protocol://rest`. */
  readonly recipient: string;
  /** One line. */
  readonly subject: string;
  readonly message: string;
  readonly time: Date;
}

/** Delivers what is meant for the recipients of one protocol. */
export interface Protocol {
  /**
   * Delivers to `address`, the recipient without its protocol, and returns when the other side has accepted it.
   * Throws DeliveryError, and RecipientError where nobody can have such an address.
   */
  deliver(address: string, notification: Notification, signal: AbortSignal): Promise<void>;
}

/** A protocol that can be configured: the schema of its section, and how to open it. */
export interface ProtocolKind<C> {
  readonly schema: Readonly<Record<string, unknown>>;
  /** Throws CONFIG_INVALID where the section fits the schema but cannot work. */
  open(config: C): Protocol;
}

/** A message was not delivered; the text says who refused it and why. */
export class DeliveryError extends Error {
  override readonly name: string = 'DeliveryError';
}

/** The recipient is not one that the protocol could ever deliver to. */
export class RecipientError extends DeliveryError {
  override readonly name = 'RecipientError';
}
