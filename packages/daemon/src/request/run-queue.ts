import { hasShare, maxMessageBytes } from '@troupe/core/internal';

export interface RunQueueLimits {
  /** Tasks that run at the same time. */
  readonly concurrency: number;
  /** Tasks that wait. */
  readonly most: number;
  /** Bytes of the requests that wait or run. */
  readonly mostBytes?: number;
}

/** What a request takes: its caller competes with others for it. */
export interface RunCost {
  readonly caller: string;
  readonly bytes: number;
}

interface OfCaller {
  readonly waiting: { readonly bytes: number; readonly run: () => Promise<void> }[];
  running: number;
  bytes: number;
}

/**
 * Runs tasks, some at the same time, the callers in turn. No caller can take all places, neither of those that run nor
 * of those that wait: a caller that comes later gets one as well.
 */
export class RunQueue {
  readonly #limits: Required<RunQueueLimits>;
  // Whoever had its turn last is at the end.
  // bound: requests that run or wait | callers | [limits.concurrency] that run, [limits.queue] that wait | 64 MiB in
  // all | a caller with four fifths gets `busy`; callers have their turns one after the other
  readonly #byCaller = new Map<string, OfCaller>();
  #running = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(limits: RunQueueLimits) {
    this.#limits = { mostBytes: 64 * maxMessageBytes, ...limits };
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a task of this caller can run now or wait. */
  hasRoom(caller: string): boolean {
    const own = this.#byCaller.get(caller);
    const { most, mostBytes } = this.#limits;
    const size = maxMessageBytes;
    if (!hasShare({ own: own?.bytes ?? 0, all: this.#bytes, most: mostBytes, size })) return false;
    const waiting = own?.waiting.length ?? 0;
    if (waiting === 0 && this.#mayRun(own)) return true;
    return hasShare({ own: waiting, all: this.#waiting, most });
  }

  /** Runs a task when its turn comes; it must not reject. */
  add({ caller, bytes }: RunCost, run: () => Promise<void>): void {
    const own = this.#byCaller.get(caller) ?? { waiting: [], running: 0, bytes: 0 };
    this.#byCaller.set(caller, own);
    own.waiting.push({ bytes, run });
    own.bytes += bytes;
    this.#waiting += 1;
    this.#bytes += bytes;
    this.#serve();
  }

  #mayRun(own: OfCaller | undefined): boolean {
    return hasShare({ own: own?.running ?? 0, all: this.#running, most: this.#limits.concurrency });
  }

  #serve(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      const [caller, own] = next;
      const task = own.waiting.shift();
      if (!task) return;
      this.#moveBack(caller, own);
      own.running += 1;
      this.#running += 1;
      this.#waiting -= 1;
      void task.run().finally(() => this.#end(caller, own, task.bytes));
    }
  }

  #next(): readonly [string, OfCaller] | undefined {
    if (this.#running >= this.#limits.concurrency) return undefined;
    for (const one of this.#byCaller) if (one[1].waiting.length > 0 && this.#mayRun(one[1])) return one;
    return undefined;
  }

  #end(caller: string, own: OfCaller, bytes: number): void {
    own.running -= 1;
    own.bytes -= bytes;
    this.#running -= 1;
    this.#bytes -= bytes;
    if (own.running > 0 || own.waiting.length > 0) this.#moveBack(caller, own);
    else this.#byCaller.delete(caller);
    this.#serve();
  }

  #moveBack(caller: string, own: OfCaller): void {
    this.#byCaller.delete(caller);
    this.#byCaller.set(caller, own);
  }
}
