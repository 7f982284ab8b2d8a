const begin = '# BEGIN troupe';
const end = '# END troupe';

/** A text without our block: its lines with their endings, and before which of them the block stood. */
export interface Outside {
  readonly lines: readonly string[];
  readonly at: number | undefined;
}

/** Takes the marked block out of a text; a mark without its fellow is a comment like any other. */
export function takeBlock(text: string): Outside {
  const lines: string[] = [];
  let at: number | undefined;
  let opened: number | undefined;
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const mark = line.trim();
    if (mark === end && opened !== undefined) {
      lines.length = opened;
      at ??= opened;
      opened = undefined;
      continue;
    }
    if (mark === begin) opened = lines.length;
    lines.push(line);
  }
  return { lines, at };
}

/** Puts a block with `body` before line `at`, with the line endings of the text around it. */
export function putBlock({ lines }: Outside, at: number, body: readonly string[]): string {
  const ending = lines.some((line) => line.endsWith('\r\n')) ? '\r\n' : '\n';
  const before = lines.slice(0, at).join('');
  const gap = before === '' || before.endsWith('\n') ? '' : ending;
  const block = [begin, ...body, end].map((line) => `${line}${ending}`).join('');
  return `${before}${gap}${block}${lines.slice(at).join('')}`;
}
