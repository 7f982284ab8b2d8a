import { TroupeError } from '../errors.js';
import { holds } from './condition.js';
import type { DataOperand, Expression } from './expression.js';
import { lookUpFact } from './fact.js';
import type { Facts } from './filter.js';
import { type Match, newMatch } from './pattern.js';

/** What an answer of a data plugin holds: flat values by output name. */
export type DataAnswer = Readonly<Record<string, unknown>>;

/** A node as filters see it. */
export interface FilterNode {
  readonly identity: string;
  readonly facts: Facts;
  readonly classes: readonly string[];
  readonly agents: readonly string[];
  /** Asks a data plugin of the node; nothing where it has no such plugin. */
  readonly data?: (
    name: string,
    query: string | undefined,
  ) => Promise<DataAnswer | undefined> | DataAnswer | undefined;
}

/**
 * Whether a compound filter is true of a node; only the data plugins that decide are asked, each query once.
 * Throws FILTER_INVALID for a data plugin or output that the node does not have.
 */
export async function evaluate(
  expression: Expression,
  node: FilterNode,
  match: Match = newMatch(),
): Promise<boolean> {
  const answers = new Map<string, DataAnswer>();
  const truth = async (part: Expression): Promise<boolean> => {
    switch (part.kind) {
      case 'and':
        for (const each of part.of) if (!(await truth(each))) return false;
        return true;
      case 'or':
        for (const each of part.of) if (await truth(each)) return true;
        return false;
      case 'not':
        return !(await truth(part.of));
      case 'class':
        return hasName(node.classes, part.name, match);
      case 'fact':
        return holds(lookUpFact(node.facts, part.fact), part, match);
      case 'data':
        return holds(outputOf(part, await answerTo(part, node, answers)), part, match);
    }
  };
  return truth(expression);
}

/** Whether a name, or a regular expression `/…/`, fits one of `names`. */
export function hasName(names: readonly string[], wanted: string, match: Match): boolean {
  return wanted.startsWith('/') ? names.some((name) => match(wanted, name)) : names.includes(wanted);
}

async function answerTo(operand: DataOperand, node: FilterNode, answers: Map<string, DataAnswer>) {
  const key = JSON.stringify([operand.name, operand.query]);
  const known = answers.get(key);
  if (known) return known;
  const answer = await node.data?.(operand.name, operand.query);
  if (!answer) throw new TroupeError('FILTER_INVALID', `this node has no data plugin "${operand.name}"`);
  answers.set(key, answer);
  return answer;
}

function outputOf({ name, output }: DataOperand, answer: DataAnswer): unknown {
  if (Object.hasOwn(answer, output)) return answer[output];
  const known = Object.keys(answer).sort().join(', ') || 'none';
  throw new TroupeError(
    'FILTER_INVALID',
    `the data plugin "${name}" has no output "${output}"; its outputs: ${known}`,
  );
}
