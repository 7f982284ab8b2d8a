/** A text for a place that takes one line. */
export function oneLine(text: string, most = 2000): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, most);
}
