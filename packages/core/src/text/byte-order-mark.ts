/** A text without the byte order mark that editors on Windows put before it, and JSON does not allow. */
export function withoutByteOrderMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}
