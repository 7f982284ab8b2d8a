import { stripVTControlCharacters } from 'node:util';
import { printable } from '@troupe/core/internal';

/** A text from the network that is safe to show on a terminal: no colours, no cursor movements, no bells, no invisible marks. */
export function plain(text: string): string {
  const lines = stripVTControlCharacters(text).replaceAll('\r\n', '\n').replaceAll('\t', '    ');
  return printable(lines, { keep: '\n' });
}

/** The same in one line. */
export function plainLine(text: string): string {
  return plain(text).replaceAll('\n', ' ').trim();
}

/** A value of a reply as lines for people: texts as they are, the rest as JSON, short where it fits in `width`. */
export function valueLines(value: unknown, width: number): readonly string[] {
  if (value === null || value === undefined) return [''];
  if (typeof value === 'string') return plain(value).replace(/\n+$/, '').split('\n');
  return jsonLines(value, width).map((line) => plain(line));
}

/** JSON for people: what fits into `width` stays in one line. */
export function jsonLines(value: unknown, width: number): readonly string[] {
  const short = spaced(value);
  const isOpen = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isOpen || short.length <= width) return [short];
  const isArray = Array.isArray(value);
  const members = isArray
    ? value.map((inner) => jsonLines(inner, width - 3))
    : Object.entries(value).map(([key, inner]) => keyed(key, inner, width - 3));
  return [
    isArray ? '[' : '{',
    ...members.flatMap((lines, index) => {
      const comma = index < members.length - 1 ? ',' : '';
      return lines.map((line, at) => `  ${line}${at === lines.length - 1 ? comma : ''}`);
    }),
    isArray ? ']' : '}',
  ];
}

function keyed(key: string, value: unknown, width: number): readonly string[] {
  const name = `${JSON.stringify(key)}: `;
  const [first = '', ...rest] = jsonLines(value, Math.max(20, width - name.length));
  return [`${name}${first}`, ...rest];
}

/** A piece of a running action's output as lines. */
export function pieceLines(data: unknown): readonly string[] {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return plain(text.replace(/\r?\n$/, '')).split('\n');
}

// JSON in one line, with the blanks that JSON.stringify leaves out there.
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
