import { messageOf, TroupeError } from '../errors.js';
import type { ActionDdl, Ddl, InputDdl } from './ddl.js';
import { suggestion } from './suggestion.js';
import { builtInValidators, isValidatorName, type Validator } from './validator.js';

export interface CompileOptions {
  /** Validators that the agent's package brings, by the name that its DDL uses. */
  readonly validators?: Readonly<Record<string, Validator>>;
  /**
   * What to do with a named validator that is not here: a node must refuse the DDL, a client may leave the
   * check to the nodes. Default: refuse.
   */
  readonly unknownValidators?: 'refuse' | 'skip';
}

/** The validators that a DDL may use, and those that it names and nobody has. Throws DDL_INVALID. */
export function validatorsOf(
  ddl: Ddl,
  options: CompileOptions,
): { readonly validators: ReadonlyMap<string, Validator>; readonly skipped: readonly string[] } {
  const brought = Object.entries(options.validators ?? {});
  const validators = new Map<string, Validator>([
    ...brought.map(([name, validator]) => [name, guarded(validator)] as const),
    ...Object.entries(builtInValidators),
  ]);
  const missing = ddl.actions.flatMap((action) =>
    namedBy(action).filter(({ name }) => !validators.has(name)),
  );
  const [first] = missing;
  if (first && options.unknownValidators !== 'skip') {
    const where = `DDL ${ddl.metadata.name}: action ${first.action}: input ${first.input}`;
    const known = [...validators.keys()];
    throw new TroupeError(
      'DDL_INVALID',
      `${where}: unknown validator "${first.name}"${suggestion(first.name, known)}; known validators: ${known.join(', ')}`,
    );
  }
  for (const { name } of missing) validators.set(name, () => undefined);
  return { validators, skipped: [...new Set(missing.map(({ name }) => name))] };
}

function namedBy({ action, input }: ActionDdl) {
  return Object.entries(input)
    .map(([key, { type, validation = '' }]: [string, InputDdl]) => ({
      action,
      input: key,
      type,
      name: validation,
    }))
    .filter(({ type, name }) => type === 'string' && isValidatorName(name));
}

// A validator that throws refuses the value.
function guarded(validator: Validator): Validator {
  return (value) => {
    try {
      return validator(value);
    } catch (error) {
      return `cannot be validated, because the validator failed: ${messageOf(error)}`;
    }
  };
}
