import { onAbort, Serial } from '@troupe/core/async';

/** Takes what is heard, until it is told to stop. */
export type Take<T> = (value: T) => void;
/** Begins to listen; the result ends it. */
export type Listen<T> = (take: Take<T>) => Promise<() => void>;

/**
 * What a listener is given, as an iterable: it listens from the first `next` on, until the consumer leaves, the signal
 * fires, or listening fails, which throws. What nobody has taken yet is kept by `queue`.
 */
export function listenerIterator<T>(
  listen: Listen<T>,
  signal?: AbortSignal,
  queue: Queue<T> = new Fifo<T>(),
): AsyncIterableIterator<T> {
  let stop: (() => void) | undefined;
  let begun: Promise<void> | undefined;
  let isOver = false;
  let ignore = () => {};
  let wake: () => void = () => {};
  const end = () => {
    isOver = true;
    ignore();
    stop?.();
    stop = undefined;
    wake();
  };
  const begin = async () => {
    ignore = onAbort(signal, end);
    try {
      const stopThis = await listen((value) => {
        queue.add(value);
        wake();
      });
      // Whoever left meanwhile does not hear of it.
      if (isOver) stopThis();
      else stop = stopThis;
    } catch (error) {
      end();
      throw error;
    }
  };
  const take = async (): Promise<IteratorResult<T, undefined>> => {
    if (signal?.aborted) end();
    if (!isOver) {
      begun ??= begin();
      await begun;
    }
    for (;;) {
      if (isOver) return { done: true, value: undefined };
      const next = queue.take();
      if (next) return { done: false, value: next.value };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  // One after the other, whoever asks.
  const takes = new Serial();
  return {
    next: () => takes.run(take),
    return: async () => {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Where what was heard waits for its consumer. */
export interface Queue<T> {
  add(value: T): void;
  take(): { readonly value: T } | undefined;
}

/** The most that waits, in values and in characters of JSON; a consumer that is slower loses the oldest. */
const most = 100_000;
const mostLength = 64 * 1024 * 1024;
/** Values whose length nobody measures: few consumers are slower. */
const unmeasured = 16;

interface Waiting<T> {
  readonly value: T;
  readonly length: number;
}

class Fifo<T> implements Queue<T> {
  // bound: replies that the program has not taken | nodes | {most} | {bytes mostLength} | the oldest are removed
  #values: Waiting<T>[] = [];
  #first = 0;
  #length = 0;

  add(value: T): void {
    const length = this.#waiting < unmeasured ? 0 : JSON.stringify(value).length;
    this.#values.push({ value, length });
    this.#length += length;
    while (this.#waiting > most || this.#length > mostLength) this.#shift();
  }

  take(): { readonly value: T } | undefined {
    return this.#waiting > 0 ? { value: this.#shift().value } : undefined;
  }

  get #waiting(): number {
    return this.#values.length - this.#first;
  }

  #shift(): Waiting<T> {
    const next = this.#values[this.#first] as Waiting<T>;
    this.#first += 1;
    this.#length -= next.length;
    if (this.#first > 1024 && this.#first * 2 > this.#values.length) {
      this.#values = this.#values.slice(this.#first);
      this.#first = 0;
    }
    return next;
  }
}
