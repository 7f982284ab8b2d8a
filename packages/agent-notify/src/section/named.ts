import type { ConfigSchema } from '@troupe/core';
import { DeliveryError } from '../delivery-error.js';

/** The schema of a section in which the configuration names what callers know by name alone. */
export function namedSchema<const S extends ConfigSchema>(entry: S) {
  return {
    type: 'object',
    minProperties: 1,
    propertyNames: { pattern: '^[A-Za-z0-9._-]+$' },
    additionalProperties: entry,
  } as const;
}

/** Finds by name; the error for an unknown name lists the configured ones. Throws DeliveryError. */
export function finder<T>(what: string, entries: Readonly<Record<string, T>>): (name: string) => T {
  const known = new Map(Object.entries(entries));
  return (name) => {
    const entry = known.get(name);
    if (entry !== undefined) return entry;
    const names = [...known.keys()].join(', ');
    throw new DeliveryError(`${what} "${name}" is not configured on this notifier; configured: ${names}`, {
      isFinal: true,
    });
  };
}
