import { TroupeError } from '@troupe/core';

/** Thrown if a part of a Ruby DDL cannot be converted. */
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
