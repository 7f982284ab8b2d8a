import { type Facts, lookUpFact } from '@troupe/core';

/** A master that could be chosen. */
export interface Candidate {
  readonly identity: string;
  readonly facts: Facts;
  /** Provisionings that it serves now. */
  readonly load: number;
}

export interface Choice {
  readonly master: string;
  /** For people, such as `region eu-west-1 matches`. */
  readonly reason: string;
}

/**
 * Chooses a master for a node. `criteria` are names of facts: the first one on which some master agrees with the
 * node decides; among equals the one with the least load, then by name. Undefined if there is no master.
 */
export function chooseMaster(
  facts: Facts,
  candidates: readonly Candidate[],
  criteria: readonly string[],
): Choice | undefined {
  const passed: string[] = [];
  for (const fact of criteria) {
    const value = textOf(lookUpFact(facts, fact));
    if (value === undefined) {
      passed.push(`the node has no fact ${fact}`);
      continue;
    }
    const equals = candidates.filter((master) => textOf(lookUpFact(master.facts, fact)) === value);
    const best = leastLoaded(equals);
    if (best) {
      const reason = [...passed, `${fact} ${value} matches${among(equals)}`].join('; ');
      return { master: best.identity, reason };
    }
    passed.push(`no master with ${fact} ${value}`);
  }
  const best = leastLoaded(candidates);
  if (!best) return undefined;
  const why =
    candidates.length === 1 ? 'the only master' : `the least loaded of ${candidates.length} masters`;
  return { master: best.identity, reason: [...passed, why].join('; ') };
}

function leastLoaded(candidates: readonly Candidate[]): Candidate | undefined {
  const byName = (a: Candidate, b: Candidate) => (a.identity < b.identity ? -1 : 1);
  return candidates.toSorted((a, b) => a.load - b.load || byName(a, b))[0];
}

function among({ length }: readonly Candidate[]): string {
  return length === 1 ? '' : `, the least loaded of ${length} masters there`;
}

// Facts of one meaning may be a number here and a text there. Structured ones cannot agree.
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
