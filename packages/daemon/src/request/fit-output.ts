import { isHash } from '@troupe/core/internal';
import { maxReplyBytes } from './replier.js';

type Data = Readonly<Record<string, unknown>>;

/** Bytes of JSON for the outputs; the rest of a reply is its keys, its status message and what names the cut outputs. */
const mostOutputBytes = maxReplyBytes - 24 * 1024;

/** Characters of a status message; each may take six bytes. */
const mostStatus = 2048;

/** Bytes of JSON of a value that is whole or not there: to cut it gains too little. */
const leastToCut = 32;

/** Cut outputs that a status message names, and as many that were left out. */
const mostNamed = 5;

/** Cut outputs that the list of a reply names. */
const mostInList = 10;

/** Characters of the name of a cut output; each may take six bytes. */
const mostNameLength = 80;

/** Characters of one piece of progress, of which each may take six bytes. */
const pieceLength = 100_000;

/** Outputs that fit in one reply. */
export interface FittedOutput {
  readonly data: Data;
  readonly statusmsg: string;
  /** The first of the outputs that were cut or left out, each with the bytes of JSON that it had; absent if none was. */
  readonly 'x-cut'?: Readonly<Record<string, number>>;
}

/**
 * Cuts outputs that are too large for a reply, and says so in the status message: the action has run, and what it did
 * must not be lost. Small outputs stay whole; a text keeps its beginning and its end, an array its first items, a hash
 * as many entries as possible. The type of an output never changes. Those for which there is no room even if they are
 * empty are left out, the largest first. Throws a TypeError for what JSON cannot express.
 */
export function fitOutput(
  data: Data,
  statusmsg: string,
  secretOutputs: readonly string[] = [],
): FittedOutput {
  const status = middleCut(statusmsg, mostStatus);
  const outputs = Object.entries(data).map(([name, value]) => measured(name, value));
  // What is encrypted grows by a third.
  const hasSecrets = secretOutputs.some((name) => Object.hasOwn(data, name));
  const most = hasSecrets ? Math.floor(mostOutputBytes * 0.74) : mostOutputBytes;
  if (sum(outputs.map(({ size }) => size)) <= most) return { data, statusmsg: status };
  const kept = new Set<Output>();
  let left = most;
  for (const output of outputs.toSorted((a, b) => a.size - b.size)) {
    if (output.least > left) continue;
    kept.add(output);
    left -= output.least;
  }
  const limit = shareOf(
    [...kept].map(({ size, least }) => size - least),
    left,
  );
  const fitted = new Map<string, unknown>();
  const cut: Output[] = [];
  const leftOut: Output[] = [];
  for (const output of outputs) {
    const { name, value, nameSize, size, least } = output;
    if (!kept.has(output)) leftOut.push(output);
    else if (size - least <= limit) fitted.set(name, value);
    else {
      cut.push(output);
      fitted.set(name, cutOrEmpty(value, limit + least - nameSize));
    }
  }
  const words = [
    named(
      'so cut',
      cut,
      ({ name, size }) => `${inUnit(sizeOf(fitted.get(name)), size)} of ${withUnit(size)}`,
    ),
    named('left out', leftOut, ({ size }) => withUnit(size)),
  ];
  return {
    data: Object.fromEntries(fitted),
    statusmsg: `${status}; too large for one reply, ${words.filter((text) => text !== '').join('; ')}`,
    'x-cut': namedSizes([...cut, ...leftOut]),
  };
}

interface Output {
  readonly name: string;
  readonly value: unknown;
  /** Bytes of JSON of its name, with what stands around it. */
  readonly nameSize: number;
  /** Bytes of JSON, with those of the name. */
  readonly size: number;
  /** The fewest bytes to which it can be cut. */
  readonly least: number;
}

function measured(name: string, value: unknown): Output {
  const nameSize = sizeOf(name) + 2;
  const size = nameSize + sizeOf(value);
  const isCuttable = size - nameSize > leastToCut && emptyOf(value) !== undefined;
  return { name, value, nameSize, size, least: isCuttable ? nameSize + 2 : size };
}

function emptyOf(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (Array.isArray(value)) return [];
  return isHash(value) ? {} : undefined;
}

function cutOrEmpty(value: unknown, most: number): unknown {
  const cut = cutTo(value, most);
  return sizeOf(cut) <= most ? cut : emptyOf(value);
}

// Names come from the agent and may be long, and many.
function named(what: string, outputs: readonly Output[], sizesOf: (output: Output) => string): string {
  if (outputs.length === 0) return '';
  const shown = outputs.slice(0, mostNamed);
  const words = shown.map((output) => `${middleCut(output.name, mostNameLength)} (${sizesOf(output)})`);
  const more = outputs.length > shown.length ? ` and ${outputs.length - shown.length} more` : '';
  return `${what}: ${words.join(', ')}${more}`;
}

function namedSizes(outputs: readonly Output[]): Readonly<Record<string, number>> {
  const shown = outputs.slice(0, mostInList);
  return Object.fromEntries(shown.map(({ name, size }) => [middleCut(name, mostNameLength), size]));
}

/** Splits output of a running action into pieces that fit in a reply; only a text can be split, anything else is cut. */
export function piecesOf(data: unknown): readonly unknown[] {
  if (typeof data !== 'string')
    return sizeOf(data) <= mostOutputBytes ? [data] : [cutTo(data, mostOutputBytes)];
  if (data.length <= pieceLength) return [data];
  const pieces: string[] = [];
  for (let start = 0; start < data.length; ) {
    let end = start + pieceLength;
    // Never half a character.
    if (/[\ud800-\udbff]/.test(data.charAt(end - 1))) end += 1;
    pieces.push(data.slice(start, end));
    start = end;
  }
  return pieces;
}

const mebibyte = 1024 * 1024;

// In the unit of what it is compared with.
function inUnit(bytes: number, whole: number): string {
  return whole < mebibyte / 10 ? `${bytes}` : (bytes / mebibyte).toFixed(1);
}

function withUnit(bytes: number): string {
  return `${inUnit(bytes, bytes)} ${bytes < mebibyte / 10 ? 'bytes' : 'MiB'}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? 'null');
}

// The largest size that each may have so that all fit: those below it give what they do not need to the others.
function shareOf(sizes: readonly number[], most: number): number {
  let left = most;
  let count = sizes.length;
  for (const size of sizes.toSorted((a, b) => a - b)) {
    if (size > left / count) return Math.floor(left / count);
    left -= size;
    count -= 1;
  }
  return Number.POSITIVE_INFINITY;
}

function cutTo(value: unknown, most: number): unknown {
  if (sizeOf(value) <= most) return value;
  if (typeof value === 'string') return textCut(value, most);
  if (Array.isArray(value)) return arrayCut(value, most);
  return isHash(value) ? hashCut(value, most) : null;
}

function textCut(text: string, most: number): string {
  // Characters differ in the bytes that they take: the same share of the text is tried, and less until it fits.
  let length = Math.floor((text.length * (most - 64)) / sizeOf(text));
  let found = middleCut(text, length);
  while (length > 0 && sizeOf(found) > most) {
    length = Math.floor(length * 0.8);
    found = middleCut(text, length);
  }
  return length > 0 ? found : '';
}

function middleCut(text: string, length: number): string {
  if (text.length <= length) return text;
  const mark = `\n[… ${text.length - length} characters left out …]\n`;
  const half = Math.max(0, Math.floor((length - mark.length) / 2));
  const start = text.slice(0, half).replace(/[\ud800-\udbff]$/, '');
  const end = half === 0 ? '' : text.slice(-half).replace(/^[\udc00-\udfff]/, '');
  return `${start}${mark}${end}`;
}

function arrayCut(items: readonly unknown[], most: number): unknown[] {
  const kept: unknown[] = [];
  let left = most - 2;
  for (const item of items) {
    const size = sizeOf(item) + 1;
    if (size > left) {
      // Nothing at all would say that there is nothing.
      if (kept.length === 0) kept.push(cutTo(item, left - 1));
      break;
    }
    kept.push(item);
    left -= size;
  }
  return kept;
}

function hashCut(hash: Data, most: number): Data {
  const sizes = Object.entries(hash).map(([key, value]) => {
    const name = sizeOf(key) + 2;
    return { key, name, size: name + sizeOf(value) };
  });
  let left = most - 2;
  const kept = new Map<string, unknown>();
  for (const { key, name, size } of sizes.toSorted((a, b) => a.size - b.size)) {
    if (size <= left) kept.set(key, hash[key]);
    else if (left > name + 64) kept.set(key, cutTo(hash[key], left - name));
    else break;
    left -= Math.min(size, left);
  }
  return Object.fromEntries(
    Object.keys(hash).flatMap((key) => (kept.has(key) ? [[key, kept.get(key)]] : [])),
  );
}
