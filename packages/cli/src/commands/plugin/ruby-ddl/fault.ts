import { TroupeError } from '@troupe/core';

/** Raised where a Ruby DDL says what cannot be taken over. */
export class RubyFault extends Error {
  override readonly name = 'RubyFault';
  readonly line: number;

  constructor(line: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.line = line;
  }

  at(where: string): TroupeError {
    return new TroupeError('DDL_INVALID', `${where}:${this.line}: ${this.message}`, { cause: this });
  }
}
