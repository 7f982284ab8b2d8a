import { wrap } from './wrap.js';

/** The least columns in which text is wrapped beside other columns. */
const leastBeside = 24;

/** How rows are laid out. */
export interface Layout {
  /** Columns that a line may have. */
  readonly width?: number | undefined;
  /** Blanks before each line, and between two columns. */
  readonly margin?: number;
  readonly gap?: number;
}

/**
 * Rows as lines in columns. Where a line would be wider than `width`, its last cell is wrapped within its column,
 * or starts on the next line if little of the width is left.
 */
export function rowLines(
  rows: readonly (readonly string[])[],
  { width = Number.POSITIVE_INFINITY, margin = 0, gap = 2 }: Layout = {},
): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: Math.max(0, count - 1) }, (_, column) =>
    Math.max(...rows.map((row) => (column < row.length - 1 ? (row[column]?.length ?? 0) : 0))),
  );
  return rows.flatMap((row) => {
    const cells = row.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0) + ' '.repeat(gap));
    const head = ' '.repeat(margin) + cells.join('');
    const last = row.at(-1) ?? '';
    if (head.length + last.length <= width) return [`${head}${last}`.trimEnd()];
    if (width - head.length < leastBeside) {
      const indent = ' '.repeat(margin + 4);
      return [head.trimEnd(), ...wrap(last, width - indent.length).map((line) => `${indent}${line}`)];
    }
    const [first = '', ...rest] = wrap(last, width - head.length);
    return [`${head}${first}`, ...rest.map((line) => `${' '.repeat(head.length)}${line}`)];
  });
}
