import { TroupeError } from '../errors.js';
import { isIdentity } from '../names.js';

/** A pattern of names from the configuration, written `/…/` as Choria does, or as an exact name. Throws CONFIG_INVALID. */
export function compilePattern(text: string, where: string): RegExp {
  const [, body] = /^\/(.*)\/$/s.exec(text) ?? [];
  if (body === undefined) return exactly(text, where);
  try {
    return new RegExp(body);
  } catch (cause) {
    throw new TroupeError('CONFIG_INVALID', `${where}: ${text} is not a valid regular expression`, { cause });
  }
}

// A "deny" with web* would deny no caller.
function exactly(name: string, where: string): RegExp {
  if (isIdentity(name)) return new RegExp(`^${name.replaceAll('.', '\\.')}$`);
  const hint = /^\/.*\/\w+$/s.test(name) ? ', which takes no flags here' : '';
  throw new TroupeError(
    'CONFIG_INVALID',
    `${where}: "${name}" is neither a name (a-z, 0-9, ".", "_", "-") nor a regular expression such as /^web/${hint}`,
  );
}
