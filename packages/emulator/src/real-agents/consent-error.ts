/** Real agents may not act on this host: a confirmation is missing on the command line, or was not given. */
export class ConsentError extends Error {
  readonly code: 'USAGE_INVALID' | 'NOT_CONFIRMED';

  constructor(code: ConsentError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
