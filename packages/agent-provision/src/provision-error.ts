/** A failure whose message reaches the caller unchanged: one line with what failed, where, and what to do. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
  /** Data to send in spite of the failure, such as the output of Puppet. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(message: string, options: ErrorOptions & { data?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options);
    this.data = options.data ?? {};
  }
}
