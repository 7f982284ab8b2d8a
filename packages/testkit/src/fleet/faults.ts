/** What goes wrong between one node and its broker. Chances are from 0 to 1, for each message and each direction. */
export interface Faults {
  /** The chance that a message is lost. */
  readonly lose?: number;
  /** Milliseconds that a message takes; from two, a number between them at random. */
  readonly delay?: number | readonly [number, number];
  /** The chance that a message comes twice. */
  readonly double?: number;
  /** The chance that a message waits until the next one has gone by. */
  readonly reorder?: number;
  /** Milliseconds by which the node's clock is ahead; negative where it is behind. */
  readonly skew?: number;
}

/** What was done to a message. */
export type Mishap = 'lost' | 'delayed' | 'doubled' | 'held';

/** Milliseconds after which a message that waits for the next one goes alone. */
const mostHeld = 200;

/** Brings messages in one direction as badly as told. */
export class FaultyLine {
  readonly #faults: () => Faults;
  readonly #random: () => number;
  readonly #onMishap: (what: Mishap) => void;
  readonly #pending = new Set<NodeJS.Timeout>();
  #held: (() => void) | undefined;

  constructor(
    faults: () => Faults,
    random: () => number,
    onMishap: (what: Mishap) => void = () => undefined,
  ) {
    this.#faults = faults;
    this.#random = random;
    this.#onMishap = onMishap;
  }

  /** Calls `deliver` now, later, twice, after the next one or never. */
  carry(deliver: () => void): void {
    const { lose = 0, double = 0, reorder = 0 } = this.#faults();
    if (this.#happens(lose)) {
      this.#onMishap('lost');
      return;
    }
    if (!this.#held && this.#happens(reorder)) {
      this.#onMishap('held');
      this.#hold(deliver);
      return;
    }
    this.#send(deliver);
    if (this.#happens(double)) {
      this.#onMishap('doubled');
      this.#send(deliver);
    }
    this.#held?.();
  }

  /** Forgets what is under way. */
  drop(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
    this.#held = undefined;
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#random() < chance;
  }

  #hold(deliver: () => void): void {
    let timer: NodeJS.Timeout | undefined;
    const release = () => {
      if (timer) clearTimeout(timer);
      if (this.#held !== release) return;
      this.#held = undefined;
      this.#send(deliver);
    };
    this.#held = release;
    timer = this.#later(release, mostHeld);
  }

  #send(deliver: () => void): void {
    const { delay = 0 } = this.#faults();
    const [least, most] = typeof delay === 'number' ? [delay, delay] : delay;
    const wait = least + this.#random() * (most - least);
    if (wait > 0) {
      this.#onMishap('delayed');
      this.#later(deliver, wait);
    } else deliver();
  }

  #later(work: () => void, milliseconds: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      work();
    }, milliseconds);
    this.#pending.add(timer);
    return timer;
  }
}
