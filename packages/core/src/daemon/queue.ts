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

  /** False when the queue is full: the task will not run. The task must not reject. */
  add(task: () => Promise<void>): boolean {
    if (this.#running < this.#concurrency) {
      void this.#run(task);
      return true;
    }
    if (this.#waiting.length >= this.#mostWaiting) return false;
    this.#waiting.push(task);
    return true;
  }

  async #run(task: () => Promise<void>): Promise<void> {
    this.#running += 1;
    await task();
    this.#running -= 1;
    const next = this.#waiting.shift();
    if (next) void this.#run(next);
  }
}
