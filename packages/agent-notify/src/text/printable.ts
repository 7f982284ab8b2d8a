/** A text without the characters that neither XML nor a calendar may hold; tabs and line breaks stay. */
export function printable(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/(?![\t\n])[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '\ufffd');
}
