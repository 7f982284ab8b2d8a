import type { section } from '@troupe/core';

/** A section that is told apart from one that is left out. */
export function optional({ default: _, ...schema }: ReturnType<typeof section>) {
  return schema;
}
