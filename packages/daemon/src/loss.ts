/** Something that a daemon runs without, although its configuration has it. */
export interface Loss {
  /** One of a few words, for metrics: `agent`, `facts`, `policy`, or what it is. */
  readonly kind: string;
  /** What it is: an agent, or a key of the configuration. */
  readonly what: string;
  readonly reason: string;
}

/** A list of losses out of what may be one. */
export function lossesIn(parts: Readonly<Record<string, string | undefined>>): readonly Loss[] {
  return Object.entries(parts).flatMap(([what, reason]) =>
    reason === undefined ? [] : [{ kind: what, what, reason }],
  );
}
