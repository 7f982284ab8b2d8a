import { cut } from './cut.js';
import { printable } from './printable.js';

/** A text from elsewhere on one line of at most so many characters, for an error message or a reason. */
export function oneLine(text: string, maxLength = 2000): string {
  return cut(printable(text.replace(/[\p{Cc}\s]+/gu, ' ').trim()), maxLength);
}
