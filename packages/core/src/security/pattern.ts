import { TroupeError } from '../errors.js';

/** A pattern of names from the configuration, written `/…/` as Choria does, or as an exact name. Throws CONFIG_INVALID. */
export function compilePattern(text: string, where: string): RegExp {
  const [, body] = /^\/(.*)\/$/s.exec(text) ?? [];
  try {
    return body === undefined
      ? new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
      : new RegExp(body);
  } catch (cause) {
    throw new TroupeError('CONFIG_INVALID', `${where}: ${text} is not a valid regular expression`, { cause });
  }
}
