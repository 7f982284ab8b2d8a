/** An invariant that must hold under all faults, and its violations. */
export interface InvariantResult {
  readonly invariant: string;
  /** How many things were checked. */
  readonly looked: number;
  /** One line each. */
  readonly violations: readonly string[];
}

/** Checks an invariant for each of many things; `faults` returns a line for each violation. */
export function checkEach<T>(
  invariant: string,
  all: readonly T[],
  faults: (one: T) => readonly string[],
): InvariantResult {
  return { invariant, looked: all.length, violations: all.flatMap(faults) };
}
