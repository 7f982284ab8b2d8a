import { type Filter, isEmptyFilter } from '@troupe/core';

/** Up to this many nodes that are online, those that a filter leaves out say so; of more, only those that match answer. */
const everybodyAnswers = 2_000;

/** Whether so many nodes that are known to be online are few enough for all of them to say whether they match. */
export function areFew(online: number): boolean {
  return online > 0 && online <= everybodyAnswers;
}

/** Whether a filter leaves nobody out, for an agent neither. */
export function isUnfiltered(filter: Filter): boolean {
  return isEmptyFilter(filter) && filter.agents.length === 0;
}
