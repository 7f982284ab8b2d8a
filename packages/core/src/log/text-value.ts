import { codeUnits, unprintable } from '../text/printable.js';

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text that neither ends a line nor commands the terminal: such characters are written as in JSON. */
export function escapeControls(text: string): string {
  return text.replace(unprintable, (found) => short[found] ?? codeUnits(found));
}

/** The value of a `key=value`: texts bare where that is unambiguous, everything else as JSON in one line. */
export function valueText(value: unknown, isQuoted = false): string {
  // What a clock or a division leaves behind the sixth decimal is nothing to read.
  if (typeof value === 'number') return String(Number(value.toFixed(6)));
  return !isQuoted && typeof value === 'string' && isBare(value)
    ? value
    : escapeControls(JSON.stringify(value));
}

function isBare(text: string): boolean {
  return /^[^\s"=[{][^\s"=]*$/.test(text) && escapeControls(text) === text;
}
