import { emptyFilter, type Filter, matches } from '@troupe/core';

/** Which nodes. */
export interface Selection {
  readonly filter?: Filter | undefined;
  /** These nodes, without looking for others. */
  readonly targets?: readonly string[] | undefined;
  readonly collective?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a selection may include a node of this name; the node itself evaluates the rest. Throws FILTER_INVALID. */
export async function mayInclude({ filter, targets }: Selection, identity: string): Promise<boolean> {
  if (targets && !targets.includes(identity)) return false;
  const byName = { ...emptyFilter, identities: filter?.identities ?? [] };
  return matches(byName, { identity, facts: {}, classes: [], agents: [] });
}

/** The part of a filter that a node evaluates when a request is sent to it alone, because its name matches already. */
export function withoutNames(filter: Filter): Filter {
  return { ...filter, identities: [] };
}
