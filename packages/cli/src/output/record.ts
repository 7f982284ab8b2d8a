import type { Result } from '@troupe/client';
import type { ActionDdl } from '@troupe/core';
import { wrap } from '@troupe/core/internal';
import type { Screen } from '../terminal/screen.js';
import { plain, plainLine, valueLines } from './plain.js';
import { span, statusWord } from './wording.js';

/** Columns for a node's name, before the word for how it ended. */
const nameWidth = 40;

/** One reply as a record: the node, how it ended, why, and its outputs under the names that the DDL gives them. */
export function record(screen: Screen, result: Result, action: ActionDdl | undefined): string {
  const { ok, sender, statusmsg, seconds, data } = result;
  const word = ok && !screen.isVerbose ? '' : screen.paint(ok ? 'green' : 'red', statusWord(result));
  const time = screen.isVerbose ? screen.paint('dim', `  ${span(seconds)}`) : '';
  const header = word === '' ? sender : `${sender.padEnd(nameWidth)} ${word}${time}`;
  const message = statusmsg === 'OK' || statusmsg === '' ? [] : ['', ...indented(plain(statusmsg), 4)];
  const outputs = outputLines(data, action, screen.width);
  const gap = message.length > 0 && outputs.length > 0 ? [''] : [];
  const details = [...message, ...gap, ...outputs];
  return [header, ...details, ...(details.length > 0 ? [''] : [])].join('\n');
}

/** Outputs that have a value, right-aligned on their names. */
export function outputLines(
  data: Readonly<Record<string, unknown>>,
  action: ActionDdl | undefined,
  width: number,
): readonly string[] {
  const declared = Object.keys(action?.output ?? {}).filter((name) => Object.hasOwn(data, name));
  const others = Object.keys(data).filter((name) => !declared.includes(name));
  const rows = [...declared, ...others.sort()]
    .filter((name) => data[name] !== null && data[name] !== undefined && data[name] !== '')
    .map((name) => ({ label: plainLine(labelOf(action, name)), value: data[name] }));
  return aligned(rows, width);
}

/** Rows of a label and a value, the labels right-aligned; with `isWrapped`, texts are wrapped within their column. */
export function aligned(
  rows: readonly { readonly label: string; readonly value: unknown }[],
  width: number,
  margin = 3,
  { isWrapped = false } = {},
): readonly string[] {
  const widest = Math.max(0, ...rows.map(({ label }) => label.length)) + margin;
  return rows.flatMap(({ label, value }) => {
    const room = Math.max(20, width - widest - 2);
    const lines = valueLines(value, room);
    const [first = '', ...rest] = isWrapped ? lines.flatMap((line) => wrap(line, room)) : lines;
    const head = `${label.padStart(widest)}: ${first}`.trimEnd();
    return [head, ...rest.map((line) => `${' '.repeat(widest + 2)}${line}`.trimEnd())];
  });
}

/** The name that the DDL gives an output for people. */
export function labelOf(action: ActionDdl | undefined, name: string): string {
  const output = action && Object.hasOwn(action.output, name) ? action.output[name] : undefined;
  return output?.display_as ?? name;
}

function indented(text: string, by: number): readonly string[] {
  return text.split('\n').map((line) => `${' '.repeat(by)}${line}`.trimEnd());
}
