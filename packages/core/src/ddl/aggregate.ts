import { messageOf } from '../errors.js';
import { naturalOrder } from '../text/natural-order.js';
import type { ActionDdl, AggregateDdl } from './ddl.js';
import { printf } from './format.js';
import { canonicalJson } from './hash.js';
import { isHash } from './value.js';

/** The part of a reply that a summary is made of. */
export interface AggregateReply {
  readonly data: Readonly<Record<string, unknown>>;
}

/** One summary over the replies of a call. */
export interface AggregateResult {
  readonly function: string;
  /** The output that it is about, and how the DDL names that for people. */
  readonly output: string;
  readonly title: string;
  /** The result as JSON: counts by value, a number or, for a chart, its bars; null when there was nothing. */
  readonly value: unknown;
  /** The same as lines for people. */
  readonly lines: readonly string[];
  /** Values that could not be used, such as a text where a number is summed up. */
  readonly skipped: number;
  /** Why there is no result: an unknown function, or one that failed. */
  readonly error?: string;
}

/** Makes a summary of an output's values, which are neither null nor undefined; `options` is the DDL's hash. */
export type AggregateFunction = (
  values: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  output: string,
) => Pick<AggregateResult, 'value' | 'lines' | 'skipped'>;

/** The summaries that an action's DDL asks for, in its order. `functions` adds to those that are built in. */
export function aggregate(
  action: ActionDdl,
  replies: Iterable<AggregateReply>,
  functions: Readonly<Record<string, AggregateFunction>> = {},
): AggregateResult[] {
  const known = new Map(Object.entries({ ...functions, ...builtIn }));
  const data = [...replies].map((reply) => reply.data);
  return (action.aggregate ?? []).map((item) => one(action, item, data, known.get(item.function)));
}

function one(
  action: ActionDdl,
  item: AggregateDdl,
  data: readonly Readonly<Record<string, unknown>>[],
  make: AggregateFunction | undefined,
): AggregateResult {
  const output = String(item.args?.[0] ?? '');
  const title =
    (Object.hasOwn(action.output, output) ? action.output[output]?.display_as : undefined) ?? output;
  const result = { function: item.function, output, title, value: null, lines: [], skipped: 0 };
  if (!make) return { ...result, error: `unknown aggregate function "${item.function}"` };
  const options = isHash(item.args?.[1]) ? item.args[1] : {};
  const values = data
    .map((outputs) => (Object.hasOwn(outputs, output) ? outputs[output] : undefined))
    .filter((value) => value !== null && value !== undefined);
  try {
    return { ...result, ...make(values, options, output) };
  } catch (error) {
    return { ...result, error: `the aggregate function "${item.function}" failed: ${messageOf(error)}` };
  }
}

const builtIn: Readonly<Record<string, AggregateFunction>> = {
  summary,
  // The aggregate that Choria's puppet agent asks for: the same, its words for true and false in the options.
  boolean_summary: summary,
  average: (values, options, output) => {
    const numbers = numbersOf(values);
    const value = numbers.length > 0 ? total(numbers) / numbers.length : null;
    return numeric(value, formatOf(options) ?? `Average of ${output}: %.3f`, values.length - numbers.length);
  },
  sum: (values, options, output) => {
    const numbers = numbersOf(values);
    const value = numbers.length > 0 ? total(numbers) : null;
    const places = Number.isInteger(value) ? 'd' : '.3f';
    return numeric(
      value,
      formatOf(options) ?? `Sum of ${output}: %${places}`,
      values.length - numbers.length,
    );
  },
  chart,
};

function summary(values: readonly unknown[], options: Readonly<Record<string, unknown>>) {
  const counts = new Map<string, number>();
  for (const value of values.flat(10)) {
    if (value === null || value === undefined) continue;
    const key = typeof value === 'string' ? value : canonicalJson(value);
    const word = key !== 'format' && Object.hasOwn(options, key) ? String(options[key]) : key;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, most], [b, more]) => more - most || naturalOrder(a, b));
  const widest = Math.min(40, Math.max(0, ...sorted.slice(0, 1000).map(([word]) => word.length)));
  const format = formatOf(options) ?? `%${widest}s: %d`;
  return {
    value: sorted.length > 0 ? Object.fromEntries(sorted) : null,
    lines: sorted.map(([word, count]) => printf(format, [word, count])),
    skipped: 0,
  };
}

function numeric(value: number | null, format: string, skipped: number) {
  return { value, lines: value === null ? [] : [printf(format, [value])], skipped };
}

const mostBars = 10;
const longestBar = 40;

// A histogram: how many values lie in each of up to ten ranges of the same width.
function chart(values: readonly unknown[], options: Readonly<Record<string, unknown>>) {
  const numbers = numbersOf(values);
  const skipped = values.length - numbers.length;
  const [least, most] = numbers.reduce(
    ([low, high], number) => [Math.min(low, number), Math.max(high, number)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (numbers.length === 0) return { value: null, lines: [], skipped };
  const bars = least === most ? 1 : mostBars;
  const width = (most - least) / bars;
  const counts = Array.from({ length: bars }, () => 0);
  for (const number of numbers) {
    const bar = width > 0 ? Math.min(bars - 1, Math.floor((number - least) / width)) : 0;
    counts[bar] = (counts[bar] ?? 0) + 1;
  }
  const highest = Math.max(...counts);
  const value = counts.map((count, bar) => ({
    from: least + bar * width,
    to: bar === bars - 1 ? most : least + (bar + 1) * width,
    count,
  }));
  const format = formatOf(options) ?? '%10s to %-10s %s %d';
  const lines = value.map(({ from, to, count }) =>
    printf(format, [brief(from), brief(to), '*'.repeat(Math.ceil((count / highest) * longestBar)), count]),
  );
  return { value, lines, skipped };
}

function brief(number: number): string {
  return String(Number(number.toPrecision(5)));
}

function formatOf({ format }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof format === 'string' && format !== '' ? format : undefined;
}

// Agents in other languages send numbers as texts at times; Choria counts these too.
function numbersOf(values: readonly unknown[]): number[] {
  return values
    .map((value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value))
    .filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
