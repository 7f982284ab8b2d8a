import { readDuration } from '../text/duration.js';
import type { ConfigSchema } from './config-schema.js';

/** Makes numbers of the durations in a configuration that are written as `5m`, where the schema says `format: seconds`. */
export function readDurations(value: unknown, schema: ConfigSchema): unknown {
  if (schema.format === 'seconds') return typeof value === 'string' ? (readDuration(value) ?? value) : value;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((inner) => readDurations(inner, items)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const { properties = {}, additionalProperties: others } = schema;
  for (const [key, inner] of Object.entries(value)) {
    const own = Object.hasOwn(properties, key)
      ? properties[key]
      : typeof others === 'object'
        ? others
        : undefined;
    if (own) (value as Record<string, unknown>)[key] = readDurations(inner, own);
  }
  return value;
}
