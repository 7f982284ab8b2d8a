/** A text in quotes, and where it ends. */
export interface Quoted {
  readonly content: string;
  /** The index after the closing quote. */
  readonly end: number;
}

/**
 * Reads the text between the quote at `start` and the next one of its kind; undefined if that is missing. A backslash
 * escapes a quote of that kind or a backslash, and is literal before everything else.
 */
export function readQuoted(text: string, start: number): Quoted | undefined {
  const quote = text[start];
  let content = '';
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text[position] ?? '';
    if (character === quote) return { content, end: position + 1 };
    const next = text[position + 1];
    if (character === '\\' && (next === quote || next === '\\')) {
      content += next;
      position += 1;
    } else {
      content += character;
    }
  }
  return undefined;
}

/** Writes a text in double quotes. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}
