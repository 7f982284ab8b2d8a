import type { Behaviour } from '@troupe/emulator';
import { type Random, randomOf } from './random.js';

/** How many of everything there are. */
export interface Size {
  readonly seed: number;
  readonly nodes: number;
  readonly masters: number;
  readonly provisioners: number;
  /** Processes that the nodes are spread over: each is killed as a whole. */
  readonly groups: number;
  /** Seconds in which things are broken. */
  readonly seconds: number;
}

/** A node of the run. */
export interface Role {
  readonly identity: string;
  readonly behaviour: Behaviour;
  readonly group: number;
  /** Seconds after the beginning. */
  readonly bootsAt: number;
}

const unhealthy: readonly Behaviour[] = [
  'bootstrap-fails',
  'planted',
  'vanishes',
  'production-fails',
  'stays',
];
/** One node of so many has something wrong. */
const oneIn = 10;

/** Who plays: the same for the same seed and size. */
export function castOf({ seed, nodes, groups, seconds }: Size): Role[] {
  const random: Random = randomOf(seed);
  const count = Math.max(3, Math.round(nodes / oneIn));
  const sick = new Map<number, Behaviour>();
  while (sick.size < Math.min(count, nodes)) {
    const index = random.below(nodes);
    if (!sick.has(index)) sick.set(index, unhealthy[sick.size % unhealthy.length] ?? 'planted');
  }
  return Array.from({ length: nodes }, (_, index) => ({
    identity: `node-${index + 1}.chaos`,
    behaviour: sick.get(index) ?? 'healthy',
    group: index % groups,
    bootsAt: random.between(0, seconds * 0.6),
  }));
}
