import {
  checkFilter,
  type Expression,
  emptyFilter,
  type Filter,
  messageOf,
  parseExpression,
  TroupeError,
} from '@troupe/core';

/** An expression of the configuration; `where` names its key. Throws CONFIG_INVALID. */
export function readExpression(text: string, where: string): Expression {
  return inConfig(where, () => parseExpression(text));
}

/** The filter that an expression makes, if there is one, for nodes that have all of `agents`. Throws CONFIG_INVALID. */
export function readFilter(text: string, where: string, agents: readonly string[] = []): Filter {
  const compound = text === '' ? [] : [readExpression(text, where)];
  return inConfig(where, () => checkFilter({ ...emptyFilter, agents, compound }));
}

function inConfig<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new TroupeError('CONFIG_INVALID', `${where}: ${messageOf(cause)}`, { cause });
  }
}
