/** Something that must be true whatever was broken, and where it was not. */
export interface Finding {
  readonly invariant: string;
  /** How many things were looked at. */
  readonly looked: number;
  /** One line each. */
  readonly violations: readonly string[];
}

/** Looks at each of many things; `faults` has a line for each fault of one. */
export function finding<T>(
  invariant: string,
  all: readonly T[],
  faults: (one: T) => readonly string[],
): Finding {
  return { invariant, looked: all.length, violations: all.flatMap(faults) };
}
