import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

export const logFormats = ['auto', 'text', 'json'] as const;

/** `auto`: text on a terminal and in the journal, otherwise JSON. */
export type LogFormat = (typeof logFormats)[number];

/** What a log is written to, as far as its format depends on it. */
export type LogOutput = 'terminal' | 'journal' | 'other';

/** What a file descriptor is connected to; `journal` is what systemd passes in JOURNAL_STREAM. */
export function outputOf(fd: number, journal = process.env.JOURNAL_STREAM): LogOutput {
  if (isatty(fd)) return 'terminal';
  return journal !== undefined && journal === placeOf(fd) ? 'journal' : 'other';
}

/** Whether a log in this format has text lines there, and not JSON. */
export function isText(format: LogFormat, output: LogOutput): boolean {
  return format === 'text' || (format === 'auto' && output !== 'other');
}

// The variable is inherited by children whose output goes elsewhere, so its being set says nothing: systemd.exec(5).
function placeOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}
