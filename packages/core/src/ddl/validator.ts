import { isIP, isIPv4, isIPv6 } from 'node:net';

/** Judges a string input: returns why it is refused, or nothing. Must be quick and must not throw. */
export type Validator = (value: string) => string | undefined;

// MCollective's list let through a newline, a single "&", quotes, parentheses and the backslash.
const shellCharacters = '`$;|&<>\'"()\\';

/** Whether a `validation` is the name of a validator and not a regular expression. */
export function isValidatorName(validation: string): boolean {
  return /^[a-z][a-z0-9_]*$/.test(validation);
}

/** The validators that every DDL may name. */
export const builtInValidators: Readonly<Record<string, Validator>> = Object.freeze({
  shellsafe,
  ipv4address: (value: string) => (isIPv4(value) ? undefined : 'is not an IPv4 address'),
  ipv6address: (value: string) => (isIPv6(value) ? undefined : 'is not an IPv6 address'),
  ipaddress: (value: string) => (isIP(value) > 0 ? undefined : 'is not an IP address'),
});

function shellsafe(value: string): string | undefined {
  for (const character of value) {
    if (shellCharacters.includes(character)) return `must not contain ${character}`;
    if (/[\p{Cc}\u2028\u2029]/u.test(character)) return 'must not contain line breaks or control characters';
  }
  return;
}
