import type { Faults } from '@troupe/testkit';
import type { Size } from './cast.js';
import { type Random, randomOf } from './random.js';

/** What may be broken: a kind of process, and which one of them. */
export type Target =
  | 'broker'
  | `master ${number}`
  | `provisioner ${number}`
  | `notifier ${number}`
  | `nodes ${number}`
  | `power ${number}`
  | `wire of nodes ${number}`
  | `wire of master ${number}`;

/** `kill`: -9; `pause`: SIGSTOP; `cut`: power off; `spoil`: messages are lost, doubled, delayed. All end after a while. */
export type Deed = 'kill' | 'pause' | 'cut' | 'spoil';

export interface Fault {
  /** Seconds after the beginning. */
  readonly at: number;
  readonly deed: Deed;
  readonly target: Target;
  /** Seconds until it runs again. */
  readonly lasts: number;
  readonly wire?: Faults;
}

interface Kind {
  readonly deed: Deed;
  readonly target: (random: Random, size: Size) => Target;
  /** How many in a minute. */
  readonly rate: number;
  readonly lasts: readonly [number, number];
}

/** Hosts that deliver notifications. */
export const notifiers = 2;

const one = (random: Random, count: number) => random.below(count) + 1;

// A pause that is longer than a lease lets another provisioner take over while the first believes to be at work.
const kinds: readonly Kind[] = [
  { deed: 'kill', target: (r, s) => `provisioner ${one(r, s.provisioners)}`, rate: 5, lasts: [0.2, 3] },
  { deed: 'pause', target: (r, s) => `provisioner ${one(r, s.provisioners)}`, rate: 2, lasts: [2, 15] },
  { deed: 'kill', target: (r, s) => `master ${one(r, s.masters)}`, rate: 2, lasts: [0.2, 3] },
  { deed: 'pause', target: (r, s) => `master ${one(r, s.masters)}`, rate: 1, lasts: [1, 5] },
  { deed: 'kill', target: () => 'broker', rate: 1, lasts: [0.2, 2] },
  { deed: 'pause', target: () => 'broker', rate: 1, lasts: [0.5, 3] },
  { deed: 'kill', target: (r, s) => `nodes ${one(r, s.groups)}`, rate: 4, lasts: [0.2, 3] },
  { deed: 'cut', target: (r, s) => `power ${one(r, s.groups)}`, rate: 2, lasts: [0.5, 3] },
  { deed: 'pause', target: (r, s) => `nodes ${one(r, s.groups)}`, rate: 2, lasts: [0.5, 6] },
  { deed: 'spoil', target: (r, s) => `wire of nodes ${one(r, s.groups)}`, rate: 6, lasts: [1, 6] },
  { deed: 'spoil', target: (r, s) => `wire of master ${one(r, s.masters)}`, rate: 2, lasts: [1, 4] },
  { deed: 'kill', target: (r) => `notifier ${one(r, notifiers)}`, rate: 3, lasts: [1, 40] },
  { deed: 'pause', target: (r) => `notifier ${one(r, notifiers)}`, rate: 1, lasts: [1, 10] },
];

/** What every wire is like all the time. */
export const usualWire: Faults = { lose: 0.01, double: 0.02, reorder: 0.02, delay: [0, 20] };

/** What is broken when: the same for the same seed and size, in the order of time. */
export function scheduleOf(size: Size): Fault[] {
  const random = randomOf(size.seed ^ 0x5eed);
  const faults = kinds.flatMap((kind) => {
    const count = Math.max(1, Math.round((kind.rate * size.seconds) / 60));
    return Array.from({ length: count }, (): Fault => {
      const { deed } = kind;
      const at = random.between(Math.min(2, size.seconds / 2), size.seconds);
      const lasts = random.between(...kind.lasts);
      const target = kind.target(random, size);
      if (deed !== 'spoil') return { at, deed, target, lasts };
      const wire = {
        lose: random.between(0.05, 0.5),
        double: random.between(0, 0.3),
        reorder: random.between(0, 0.3),
        delay: [0, random.between(50, 1500)] as const,
      };
      return { at, deed, target, lasts, wire };
    });
  });
  return faults.sort((a, b) => a.at - b.at);
}
