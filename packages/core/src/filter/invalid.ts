import { TroupeError } from '../errors.js';

/** The error for a filter that cannot be read or used. */
export function invalid(message: string, options?: ErrorOptions): TroupeError {
  return new TroupeError('FILTER_INVALID', message, options);
}
