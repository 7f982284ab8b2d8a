import { configFault } from './config-fault.js';

/** Exactly one of several keys must be set. Throws CONFIG_INVALID. */
export function oneOf(key: string, values: Readonly<Record<string, unknown>>): void {
  const given = Object.values(values).filter((value) => value !== undefined);
  if (given.length === 1) return;
  const names = Object.keys(values);
  throw configFault(
    key,
    given.length === 0
      ? `"${names.join('" or "')}" is missing`
      : `"${names.join('" and "')}" cannot be used together`,
  );
}
