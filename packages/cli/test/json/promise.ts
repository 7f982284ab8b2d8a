import type { AnySchemaObject } from 'ajv/dist/2020.js';
import { schemas } from './schemas.js';

/** A line for each key of each schema: where it is, whether it is always there, and its type. */
export function promised(): readonly string[] {
  const keys = [...schemas].flatMap(([name, schema]) => keysOf(schema, '').map((key) => `${name} ${key}`));
  return [...new Set(keys)].sort();
}

function keysOf(schema: AnySchemaObject, path: string): readonly string[] {
  const { properties = {}, required = [], items, anyOf = [], allOf = [], $defs = {} } = schema;
  const own = Object.entries<AnySchemaObject>(properties).flatMap(([key, value]) => [
    `${path}${key}${required.includes(key) ? '' : '?'}: ${typeOf(value)}`,
    ...keysOf(value, `${path}${key}.`),
  ]);
  return [
    ...own,
    ...(items ? keysOf(items, path.replace(/\.$/, '[].')) : []),
    ...[...anyOf, ...allOf].flatMap((one: AnySchemaObject) => keysOf(one, path)),
    ...Object.entries<AnySchemaObject>($defs).flatMap(([kind, one]) => keysOf(one, `${kind} `)),
  ];
}

function typeOf(schema: AnySchemaObject): string {
  const { type, $ref, anyOf, items, const: only } = schema;
  if ($ref) return $ref.replace('.schema.json', '');
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (only !== undefined) return JSON.stringify(only);
  const word = Array.isArray(type) ? type.join(' or ') : (type ?? 'any');
  return items ? `${word} of ${typeOf(items)}` : word;
}
