/** A table of text: the first column to the left, the others to the right. */
export function table(title, head, rows) {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const show = (line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ');
  const [first, ...rest] = lines.map(show);
  return ['', title, first, widths.map((width) => '-'.repeat(width)).join('  '), ...rest].join('\n');
}
