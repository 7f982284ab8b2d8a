/** The kinds of metrics that Prometheus knows, as far as Troupe uses them. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** The name of a metric without the prefix of its program, its meaning, and the names of its labels. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** A metric as its documentation lists it, with its full name. */
export interface MetricDescription extends Required<MetricDefinition> {
  readonly type: MetricType;
}

/** A value, and the values of the labels in the order of their names. */
export type Sample = readonly [value: number, ...labels: readonly string[]];

/** Counts what happens. */
export interface Counter {
  /** Adds one for these values of the labels. */
  count(...labels: readonly string[]): void;
}

/** Counts durations or sizes by their magnitude. */
export interface Histogram {
  observe(value: number, ...labels: readonly string[]): void;
}

const mostSeries = 500;
const longestLabel = 128;
const overflow = 'other';

/**
 * The metrics of a program, in the text format of Prometheus (version 0.0.4). Names follow its conventions, which the
 * constructor of each metric checks: a counter ends in `_total`, and nothing else does. A metric has a limited number of
 * series: what comes with further values of labels is added up under `other`.
 */
export class Metrics {
  readonly #prefix: string;
  // no peer fills this: it holds what the program defines
  readonly #metrics = new Map<string, { readonly description: MetricDescription; lines(): string[] }>();

  /** `prefix`: such as `troupe_mcod`; it begins every name. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /**
   * A counter that the program increments. Without labels, it begins at 0; with labels, those in `known` do: Prometheus
   * sees no increase in a series that begins at 1.
   */
  counter(definition: MetricDefinition, known: readonly (readonly string[])[] = []): Counter {
    const counts = new Series(() => 0);
    const description = this.#define('counter', definition, () =>
      counts.entries().map(([labels, value]) => sampleLine(description, labels, value)),
    );
    for (const labels of description.labels.length === 0 ? [[]] : known)
      counts.change(labels, (value) => value);
    return { count: (...labels) => counts.change(labels, (value) => value + 1) };
  }

  /** A histogram with these upper bounds, in ascending order. */
  histogram(definition: MetricDefinition, bounds: readonly number[]): Histogram {
    const series = new Series(() => new Observations(bounds));
    const description = this.#define('histogram', definition, () =>
      series.entries().flatMap(([labels, observed]) => observed.lines(description, labels)),
    );
    return {
      observe: (value, ...labels) => series.change(labels, (observed) => observed.add(value)),
    };
  }

  /**
   * A counter or gauge whose value the program keeps elsewhere: `read` is called each time that somebody looks. A metric
   * without labels is a number; nothing while it is not known.
   */
  watch(
    type: 'counter' | 'gauge',
    definition: MetricDefinition,
    read: () => number | undefined | readonly Sample[],
  ): void {
    const description = this.#define(type, definition, () =>
      summed(samplesOf(read())).map(([labels, value]) => sampleLine(description, labels, value)),
    );
  }

  /** All metrics, in the order in which they were defined. */
  descriptions(): readonly MetricDescription[] {
    return [...this.#metrics.values()].map(({ description }) => description);
  }

  /** The values now. Throws what reading one of them throws. */
  text(): string {
    const lines = [...this.#metrics.values()].flatMap(({ description: { name, help, type }, lines }) => [
      `# HELP ${name} ${escaped(help)}`,
      `# TYPE ${name} ${type}`,
      ...lines(),
    ]);
    return `${lines.join('\n')}\n`;
  }

  #define(
    type: MetricType,
    { name, help, labels = [] }: MetricDefinition,
    lines: () => string[],
  ): MetricDescription {
    const full = `${this.#prefix}_${name}`;
    const isNamed = [full, ...labels].every((each) => /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(each));
    if (!isNamed || (type === 'counter') !== full.endsWith('_total') || labels.includes('le'))
      throw new Error(`${full}: a metric of type ${type} cannot have this name or these labels`);
    if (this.#metrics.has(full)) throw new Error(`${full}: this metric is already defined`);
    const description = { name: full, help, type, labels };
    this.#metrics.set(full, { description, lines });
    return description;
  }
}

/**
 * Reads a value once for all metrics of one answer: `Metrics.text` reads them in one go. For a value that takes time, and
 * so that they agree with each other.
 */
export function readOnce<Value>(read: () => Value): () => Value {
  let kept: { readonly value: Value } | undefined;
  return () => {
    if (!kept) {
      kept = { value: read() };
      queueMicrotask(() => {
        kept = undefined;
      });
    }
    return kept.value;
  };
}

/** The content type of what `Metrics.text` returns. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** The series of a metric by the values of its labels. */
class Series<Value> {
  // bound: series of a metric | what the program does, by the values of the labels | {mostSeries} for each metric |
  // 1 KiB each | further ones are added up under `other`
  readonly #values = new Map<string, { readonly labels: readonly string[]; value: Value }>();
  readonly #initial: () => Value;

  constructor(initial: () => Value) {
    this.#initial = initial;
  }

  change(values: readonly string[], change: (value: Value) => Value): void {
    const asked = values.map((value) => value.slice(0, longestLabel));
    const isKnown = this.#values.has(JSON.stringify(asked)) || this.#values.size < mostSeries;
    const labels = isKnown ? asked : asked.map(() => overflow);
    const key = JSON.stringify(labels);
    const series = this.#values.get(key) ?? { labels, value: this.#initial() };
    series.value = change(series.value);
    this.#values.set(key, series);
  }

  entries(): (readonly [readonly string[], Value])[] {
    return [...this.#values.values()].map(({ labels, value }) => [labels, value]);
  }
}

class Observations {
  readonly #bounds: readonly number[];
  // no peer fills this: one number for each bound
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  add(value: number): this {
    this.#sum += value;
    this.#count += 1;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at !== -1) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    return this;
  }

  lines(description: MetricDescription, labels: readonly string[]): string[] {
    const { name, labels: names } = description;
    const buckets = { name: `${name}_bucket`, labels: [...names, 'le'] };
    let below = 0;
    return [
      ...this.#bounds.map((bound, index) => {
        below += this.#counts[index] ?? 0;
        return sampleLine(buckets, [...labels, numberText(bound)], below);
      }),
      sampleLine(buckets, [...labels, '+Inf'], this.#count),
      sampleLine({ name: `${name}_sum`, labels: names }, labels, this.#sum),
      sampleLine({ name: `${name}_count`, labels: names }, labels, this.#count),
    ];
  }
}

function samplesOf(read: number | undefined | readonly Sample[]): readonly Sample[] {
  if (read === undefined) return [];
  return typeof read === 'number' ? [[read]] : read;
}

// Two samples with the same labels would make the whole answer invalid.
function summed(samples: readonly Sample[]): (readonly [readonly string[], number])[] {
  const series = new Series(() => 0);
  for (const [value, ...labels] of samples) series.change(labels, (sum) => sum + value);
  return series.entries();
}

function sampleLine(
  { name, labels: names }: Pick<MetricDescription, 'name' | 'labels'>,
  labels: readonly string[],
  value: number,
): string {
  const pairs = names.map((label, index) => `${label}="${escaped(labels[index] ?? '', true)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${numberText(value)}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return `${value}`;
  return value > 0 ? '+Inf' : '-Inf';
}

// Names of masters and steps come from elsewhere.
function escaped(text: string, isQuoted = false): string {
  const line = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return isQuoted ? line.replaceAll('"', '\\"') : line;
}
