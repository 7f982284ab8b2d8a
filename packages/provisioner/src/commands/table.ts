import { rowLines } from '@troupe/core/internal';

/** Rows in columns, the first row being the heading; on a screen the last column is wrapped to its width. */
export function table(rows: readonly (readonly string[])[], width?: number): string {
  return rowLines(rows, { width })
    .map((line) => `${line}\n`)
    .join('');
}
