import { parse } from 'yaml';

/** What a file of Puppet's says, or nothing where it is no YAML. */
export function parseYaml(text: string): unknown {
  try {
    // Puppet tags values with Ruby classes; they are of no interest here and not worth a warning each.
    return parse(text, { logLevel: 'silent' }) as unknown;
  } catch {
    return;
  }
}

/** Whether a value is a map. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
