/** Runs tasks, at most `concurrency` at a time; at most `waiting` wait for their turn. */
export class BoundedQueue {
  readonly #concurrency: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(options: { concurrency: number; waiting: number }) {
    this.#concurrency = options.concurrency;
    this.#mostWaiting = options.waiting;
  }

  /** Whether a task that is added now would run. */
  get hasRoom(): boolean {
    return this.#running < this.#concurrency || this.#waiting.length < this.#mostWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** The task must not reject. Throws RangeError where there is no room. */
  add(task: () => Promise<void>): void {
    if (!this.hasRoom) throw new RangeError('the queue is full');
    if (this.#running < this.#concurrency) void this.#run(task);
    else this.#waiting.push(task);
  }

  async #run(task: () => Promise<void>): Promise<void> {
    this.#running += 1;
    await task();
    this.#running -= 1;
    const next = this.#waiting.shift();
    if (next) void this.#run(next);
  }
}
