import { closestMatch } from 'leven';

const longest = 64;

/** ` (did you mean "X"?)` where one of `candidates` is near to what was typed, else nothing. */
export function suggestion(typed: string, candidates: Iterable<string>): string {
  const near = nearest(typed, candidates);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

/** The candidate that differs from `typed` by a slip of the fingers, or nothing. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  if (typed.length > longest) return;
  const likely = [...candidates].filter((candidate) => candidate.length <= longest);
  return closestMatch(typed, likely, { maxDistance: typed.length < 4 ? 1 : 2 });
}
