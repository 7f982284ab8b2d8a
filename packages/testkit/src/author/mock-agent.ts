import {
  type ActionDdl,
  ActionError,
  type ActionNames,
  type ActionOf,
  type Agent,
  type Context,
  type Ddl,
  type DdlType,
  defineAgent,
  type Handlers,
  type InputOf,
  type OutputOf,
} from '@troupe/core';

/** What a mocked action does instead of answering with plausible values: outputs, a failure, or a handler of its own. */
export type Mocked<A extends ActionDdl> =
  | OutputOf<A>
  | ActionError
  | ((input: InputOf<A>, context: Context) => OutputOf<A> | Promise<OutputOf<A>>);

/** For some of a DDL's actions. */
export type MockOverrides<D extends Ddl> = { [N in ActionNames<D>]?: Mocked<ActionOf<D, N>> };

type AnyMocked = Record<string, unknown> | ActionError | ((input: unknown, context: Context) => unknown);

/**
 * An agent made of its DDL alone: each action answers with the default of each output, or else with a value of its
 * type, or does what `overrides` say. What a node checks of an input by the DDL, it checks as ever.
 */
export function mockAgent<const D extends Ddl>(ddl: D, overrides: MockOverrides<D> = {}): Agent {
  const instead = overrides as Readonly<Record<string, AnyMocked | undefined>>;
  const strange = Object.keys(instead).find((name) => !ddl.actions.some(({ action }) => action === name));
  if (strange !== undefined)
    throw new RangeError(
      `cannot override "${strange}": the DDL of ${ddl.metadata.name} does not declare this action`,
    );
  const handlers = ddl.actions.map((action) => [action.action, handlerOf(action, instead[action.action])]);
  return defineAgent(ddl, () => Object.fromEntries(handlers) as Handlers<D>);
}

function handlerOf(action: ActionDdl, mocked: AnyMocked | undefined) {
  if (typeof mocked === 'function') return mocked;
  return () => {
    if (mocked instanceof ActionError) throw mocked;
    return { ...plausibleOutput(action), ...mocked };
  };
}

/** Outputs that fit what an action declares: the default where there is one, else a value of the type. */
export function plausibleOutput(action: ActionDdl): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(action.output).map(([name, { type, default: fallback }]) => [
      name,
      fallback ?? (type === undefined ? null : plausibleValue(type, name)),
    ]),
  );
}

function plausibleValue(type: DdlType, name: string): unknown {
  switch (type) {
    case 'integer':
    case 'float':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'array':
    case 'Array':
      return [];
    case 'hash':
    case 'Hash':
      return {};
    default:
      return `a ${name}`;
  }
}
