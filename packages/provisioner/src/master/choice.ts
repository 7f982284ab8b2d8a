import { type Facts, lookUpFact } from '@troupe/core';

/** A master that could be chosen. */
export interface Candidate {
  readonly identity: string;
  readonly facts: Facts;
  /** Provisionings that it serves now. */
  readonly load: number;
  /** Set if it does not reply: whether it is waited for, and a description, such as `puppet1 has not replied since …`. */
  readonly away?: { readonly isAwaited: boolean; readonly words: string };
}

export interface Choice {
  readonly master: string;
  /** For people, such as `region eu-west-1 matches`. */
  readonly reason: string;
  /** The master does not reply, and is waited for. */
  readonly isAway?: true;
}

/**
 * Chooses a master for a node. `criteria` are names of facts: the first one on which some master agrees with the
 * node decides; among equals the one with the least load, then by name. A master that does not reply is chosen only if
 * it is waited for and no other master agrees on the same fact. Undefined if there is no master.
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
    const here = equals.filter(({ away }) => !away);
    const best = leastLoaded(here);
    if (best) {
      const reason = [...passed, `${fact} ${value} matches${among(here)}`].join('; ');
      return { master: best.identity, reason };
    }
    const awaited = leastLoaded(equals.filter(({ away }) => away?.isAwaited));
    if (awaited) {
      const reason = [...passed, `${fact} ${value} matches, but ${wordsOf([awaited])}`].join('; ');
      return { master: awaited.identity, reason, isAway: true };
    }
    const why = equals.length === 0 ? '' : ` that replies: ${wordsOf(equals)}`;
    passed.push(`no master with ${fact} ${value}${why}`);
  }
  const here = candidates.filter(({ away }) => !away);
  const best = leastLoaded(here);
  if (!best) return undefined;
  const why = here.length === 1 ? theOnly(candidates.length) : `the least loaded of ${here.length} masters`;
  return { master: best.identity, reason: [...passed, why].join('; ') };
}

function leastLoaded(candidates: readonly Candidate[]): Candidate | undefined {
  const byName = (a: Candidate, b: Candidate) => (a.identity < b.identity ? -1 : 1);
  return candidates.toSorted((a, b) => a.load - b.load || byName(a, b))[0];
}

function among({ length }: readonly Candidate[]): string {
  return length === 1 ? '' : `, the least loaded of ${length} masters there`;
}

function theOnly(known: number): string {
  return known === 1 ? 'the only master' : 'the only master that replies';
}

function wordsOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ identity, away }) => away?.words ?? identity).join(', ');
}

// Facts of one meaning may be a number here and a text there. Structured ones cannot agree.
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
