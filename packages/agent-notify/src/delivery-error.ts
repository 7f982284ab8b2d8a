interface DeliveryErrorOptions extends ErrorOptions {
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
