/** A text from another system on one line of bounded length, for an error message. */
export function oneLine(text: string, maxLength = 300): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}
