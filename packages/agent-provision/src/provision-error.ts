/** A failure that the caller is told as it is: one line that names what, where and what to do. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
  /** What is worth sending although it failed, such as the output of Puppet. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(message: string, options: ErrorOptions & { data?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options);
    this.data = options.data ?? {};
  }
}
