import { holds } from './condition.js';
import { evaluate, type FilterNode, hasName } from './evaluation.js';
import { lookUpFact } from './fact.js';
import type { Filter } from './filter.js';
import { newMatch } from './pattern.js';

/**
 * Whether a request with this filter is for this node. Throws FILTER_INVALID for a data plugin that the node
 * does not have, and for regular expressions that cost too much.
 */
export async function matches(filter: Filter, node: FilterNode): Promise<boolean> {
  const { identities, agents, classes, facts, compound } = filter;
  const match = newMatch();
  if (identities.length > 0 && !identities.some((wanted) => hasName([node.identity], wanted, match)))
    return false;
  if (!agents.every((wanted) => hasName(node.agents, wanted, match))) return false;
  if (!classes.every((wanted) => hasName(node.classes, wanted, match))) return false;
  if (!facts.every((condition) => holds(lookUpFact(node.facts, condition.fact), condition, match)))
    return false;
  for (const expression of compound) if (!(await evaluate(expression, node, match))) return false;
  return true;
}
