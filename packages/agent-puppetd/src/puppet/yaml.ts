import { parseYaml as parse } from '@troupe/core';

/** What a file of Puppet's says, as far as it can be read, or nothing where it cannot. */
export function parseYaml(text: string): unknown {
  try {
    // Puppet tags values with Ruby classes; "silent" takes them as plain values, and passes over faults as well.
    return parse(text, { logLevel: 'silent' });
  } catch {
    return; // An alias without its anchor is thrown all the same.
  }
}

/** Whether a value is a map. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
