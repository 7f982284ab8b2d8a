/** A host's facts: JSON, structured. */
export type Facts = Readonly<Record<string, unknown>>;
