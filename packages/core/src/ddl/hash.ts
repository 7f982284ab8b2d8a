import { createHash } from 'node:crypto';
import type { Ddl } from './ddl.js';
import { isHash } from './value.js';

/** SHA-256 in hex over a DDL's content: the same for the same interface, whatever the order of its keys. */
export function ddlHash(ddl: Ddl): string {
  return createHash('sha256').update(canonicalJson(ddl)).digest('hex');
}

/** JSON with sorted keys and no blanks (RFC 8785): one text for one value, to hash and to compare. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isHash(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(',')}}`;
}
