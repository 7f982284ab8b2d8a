import { dataOperands, emptyFilter, type Filter, matches } from '@troupe/core';
import type { KnownNode } from './node-source.js';

/** Those of the nodes that the identities of a filter name. */
export function ofIdentity(
  nodes: readonly KnownNode[],
  { identities }: Pick<Filter, 'identities'>,
): Promise<readonly KnownNode[]> {
  return matching(nodes, { ...emptyFilter, identities });
}

/** Those of the nodes that a filter matches by what is known of them; it must not ask data plugins. */
export async function matching(nodes: readonly KnownNode[], filter: Filter): Promise<readonly KnownNode[]> {
  const fitting: KnownNode[] = [];
  for (const node of nodes) {
    const { identity, facts = {}, classes = [], agents = [] } = node;
    if (await matches(filter, { identity, facts, classes, agents })) fitting.push(node);
  }
  return fitting;
}

/** A filter in two: what can be judged by facts and classes alone, and the compound filters that ask data plugins. */
export function withoutData(filter: Filter): { readonly judged: Filter; readonly rest: Filter } {
  const asks = (expression: Filter['compound'][number]) => dataOperands(expression).length > 0;
  return {
    judged: { ...filter, compound: filter.compound.filter((expression) => !asks(expression)) },
    rest: { ...emptyFilter, compound: filter.compound.filter(asks) },
  };
}
