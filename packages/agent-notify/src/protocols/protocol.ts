import type { Layout } from '../template/template.js';

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
}

/** A notification on its way to `address`, subject and body as the templates made them. */
export interface Letter {
  readonly address: string;
  readonly subject: string;
  readonly body: string;
  readonly notification: Notification;
}

/** Delivers what is meant for the recipients of one protocol. */
export interface Protocol {
  /** How subject and body are made for an address. Throws DeliveryError where there is no such address. */
  layout(address: string): Layout;
  /** Returns when the other side has accepted the letter. Throws DeliveryError. */
  deliver(letter: Letter, signal: AbortSignal): Promise<void>;
}

/** A protocol that can be configured: the schema of its section, and how to open it. */
export interface ProtocolKind<C> {
  readonly schema: Readonly<Record<string, unknown>>;
  /** Throws CONFIG_INVALID where the section fits the schema but cannot work. */
  open(config: C): Protocol;
}

export interface DeliveryErrorOptions extends ErrorOptions {
  /** Whether another attempt would fail too, until somebody changes something. */
  readonly isFinal?: boolean;
  /** Seconds that the other side wants to be left alone. */
  readonly retryAfterSeconds?: number | undefined;
}

/** A message was not delivered; the text says who refused it and why, and never holds a secret. */
export class DeliveryError extends Error {
  override readonly name: string = 'DeliveryError';
  readonly isFinal: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { isFinal = false, retryAfterSeconds, cause }: DeliveryErrorOptions = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.isFinal = isFinal;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The recipient is not one that anybody could ever deliver to. */
export class RecipientError extends DeliveryError {
  override readonly name = 'RecipientError';

  constructor(message: string) {
    super(message, { isFinal: true });
  }
}
