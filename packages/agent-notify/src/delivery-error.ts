interface DeliveryErrorOptions extends ErrorOptions {
  /** Whether a retry would fail too, until something is changed. */
  readonly isFinal?: boolean;
  /** Seconds to wait before a retry, as the other side requests. */
  readonly retryAfterSeconds?: number | undefined;
}

/** A message was not delivered; the text says what refused it and why, and never contains a secret. */
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

/** The recipient is invalid: no notifier can deliver to it. */
export class RecipientError extends DeliveryError {
  override readonly name = 'RecipientError';

  constructor(message: string) {
    super(message, { isFinal: true });
  }
}
