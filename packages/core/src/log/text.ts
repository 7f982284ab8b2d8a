import type { DestinationStream } from 'pino';
import { escapeControls, valueText } from './text-value.js';

export interface TextOptions {
  /** Whether lines begin with the priority that the journal takes from them: sd-daemon(3). */
  readonly hasPriority: boolean;
  /** Whether errors are followed by their stacks; those of fatal errors always are, for nothing comes after them. */
  readonly hasStacks: () => boolean;
}

/** Makes text of the JSON lines that it is given, and passes it on. */
export function textStream(
  destination: DestinationStream & { flushSync?(): void },
  options: TextOptions,
): DestinationStream & { flushSync(): void } {
  return {
    write: (line) => destination.write(textOf(line, options)),
    // pino calls it after a fatal error.
    flushSync: () => destination.flushSync?.(),
  };
}

interface Level {
  readonly word: string;
  readonly priority: number;
}

const levels: Readonly<Record<string, Level>> = {
  10: { word: 'TRACE', priority: 7 },
  20: { word: 'DEBUG', priority: 7 },
  30: { word: 'INFO ', priority: 6 },
  40: { word: 'WARN ', priority: 4 },
  50: { word: 'ERROR', priority: 3 },
  60: { word: 'FATAL', priority: 2 },
};

const fatal = '60';

// pino writes these two first. Keys of the same names may follow, and would hide them from a parser.
const head = /^\{"level":(\d+),"time":(\d{1,15}),?/;

/**
 * A JSON line of pino as text: time, level, message, and the rest as `key=value`. One event is one line, whatever is
 * in it, unless an error shows its stack. What is no such line stays as it is, but for its control characters.
 */
export function textOf(line: string, { hasPriority, hasStacks }: TextOptions): string {
  const [start = '', number = '', time] = head.exec(line) ?? [];
  const { word, priority } = levels[number] ?? {};
  const event = word === undefined ? undefined : parse(`{${line.slice(start.length)}`);
  if (event === undefined) return `${escapeControls(line.replace(/\n$/, ''))}\n`;
  const { msg, ...rest } = event;
  if (typeof msg === 'string' && msg.includes(String(rest.reason))) delete rest.reason;
  const isWhole = number === fatal || hasStacks();
  const fields = Object.entries(rest).map(([key, value]) => fieldOf(key, value, msg, isWhole));
  const lines = [
    [
      new Date(Number(time)).toISOString(),
      word,
      ...(msg === undefined ? [] : [messageText(msg)]),
      ...fields.flatMap((field) => field.words),
    ]
      .join(' ')
      .trimEnd(),
    ...fields.flatMap((field) => field.stack),
  ];
  const prefix = hasPriority ? `<${priority}>` : '';
  return lines.map((one) => `${prefix}${one}\n`).join('');
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

// With an equals sign it could be taken for fields, which the text of another program may have in it.
function messageText(message: unknown): string {
  return typeof message === 'string' && !message.includes('=')
    ? escapeControls(message)
    : valueText(message, true);
}

interface Field {
  readonly words: readonly string[];
  readonly stack: readonly string[];
}

function fieldOf(key: string, value: unknown, message: unknown, isWhole: boolean): Field {
  const name = valueText(key);
  if (!isError(value)) return { words: [`${name}=${valueText(value)}`], stack: [] };
  const { type, message: reason, stack, ...more } = value;
  // An error that is logged without words gives the line its own.
  const words = reason === message ? [] : [`${name}=${valueText(reason)}`];
  if (!isWhole) return { words, stack: [] };
  const details = Object.entries(more).map(
    ([detail, inner]) => `${name}.${valueText(detail)}=${valueText(inner)}`,
  );
  return {
    words: [...words, ...details],
    stack: stack.split('\n').map((frame) => `    ${escapeControls(frame)}`),
  };
}

// As pino writes errors.
function isError(value: unknown): value is { type: string; message: string; stack: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { type, message, stack } = value as Record<string, unknown>;
  return [type, message, stack].every((part) => typeof part === 'string');
}
