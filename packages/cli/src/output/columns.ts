/** Names side by side in columns of one width, read from left to right. */
export function columns(names: readonly string[], width: number, margin = 3): readonly string[] {
  if (names.length === 0) return [];
  const widest = Math.max(...names.map((name) => name.length)) + 2;
  const count = Math.max(1, Math.floor((width - margin) / widest));
  const lines: string[] = [];
  for (let from = 0; from < names.length; from += count) {
    const row = names.slice(from, from + count).map((name) => name.padEnd(widest));
    lines.push(`${' '.repeat(margin)}${row.join('')}`.trimEnd());
  }
  return lines;
}
