import { isIdentity } from '@troupe/core';

/** Why no caller can have this name. */
export function nameFault(caller: string, callers: RegExp | undefined): string | undefined {
  if (!isIdentity(caller)) {
    const lower = caller.toLowerCase();
    const hint = isIdentity(lower) ? ` (did you mean "${lower}"?)` : '';
    return `"${caller}" never matches: caller names consist of a-z, 0-9, ".", "_" and "-"${hint}`;
  }
  if (callers === undefined || callers.test(caller)) return undefined;
  return `"${caller}" never matches: the names of callers must match ${callers}`;
}
