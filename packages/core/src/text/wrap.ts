/** A text as lines of at most `width` characters, broken at blanks; a longer word is broken where the line ends. */
export function wrap(text: string, width: number): readonly string[] {
  if (text.length <= width) return text.split('\n');
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(1, width)));
}

function wrapLine(text: string, width: number): readonly string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = /^ */.exec(text)?.[0] ?? '';
  let isEmpty = true;
  for (const word of text.trim().split(/ +/)) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
      isEmpty = true;
    }
    line = isEmpty ? `${line}${word}` : `${line} ${word}`;
    isEmpty = false;
    while (line.length > width) {
      // Half of a surrogate pair would be shown as two signs of damage.
      const end = /[\ud800-\udbff]/.test(line[width - 1] ?? '') && width > 1 ? width - 1 : width;
      lines.push(line.slice(0, end));
      line = line.slice(end);
    }
  }
  return [...lines, line];
}
