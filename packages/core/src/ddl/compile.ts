import type { Ajv, ValidateFunction } from 'ajv';
import { messageOf, TroupeError } from '../errors.js';
import { compileRegex, type Regex } from '../filter/regex.js';
import { madeBefore, newAjv, type SchemaHost } from '../schema.js';
import { valueOfText } from './arguments.js';
import type { ActionDdl, Ddl, InputDdl, OutputDdl } from './ddl.js';
import { inputSchema } from './input-schema.js';
import { outputFault, withOutputDefaults } from './output.js';
import { type InputFault, inputFault } from './problem.js';
import { redact } from './redaction.js';
import { suggestion } from './suggestion.js';
import { builtInValidators, type Validator } from './validator.js';
import { type CompileOptions, validatorsOf } from './validator-choice.js';

/** An action of a DDL, ready to judge and convert what goes in and comes out. */
export interface CompiledAction {
  readonly name: string;
  readonly ddl: ActionDdl;
  /** Seconds that the action may take. */
  readonly timeoutSeconds: number;
  /** The names of what travels encrypted. */
  readonly secretInputs: readonly string[];
  readonly secretOutputs: readonly string[];
  /** Whether a call with this input may change the host. */
  isMutating(input?: Readonly<Record<string, unknown>>): boolean;
  /** What is wrong with an input, or nothing; never changes it. Status 3 is missing data, 4 invalid data. */
  checkInput(input: unknown): InputFault | undefined;
  /** For clients: the input with the defaults of required inputs that were left out. */
  withDefaults(input: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** For clients: the values that `name=text` words of a command line stand for. Throws INPUT_INVALID. */
  fromStrings(words: Readonly<Record<string, string>>): Record<string, unknown>;
  /** For nodes: the output with every declared output present. */
  withOutputDefaults(output: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** Where an output is not what the DDL says, in one line, or nothing. */
  checkOutput(output: unknown): string | undefined;
  /** The input as logs and audit may have it: without secrets, and without values that nobody declared. */
  redact(input: unknown): Record<string, unknown>;
}

/** A DDL ready for use. */
export interface CompiledDdl {
  readonly ddl: Ddl;
  readonly actions: ReadonlyMap<string, CompiledAction>;
  /** Named validators that were skipped, to warn of. */
  readonly skippedValidators: readonly string[];
  action(name: string): CompiledAction | undefined;
  /** Says that there is no such action, and which ones there are. */
  unknownAction(name: string): string;
}

/**
 * Compiles a DDL that `parseDdl` let through. Throws DDL_INVALID for a regular expression that is wrong or
 * too costly and, unless told otherwise, for a validator that is not here.
 */
export function compileDdl(ddl: Ddl, options: CompileOptions = {}): CompiledDdl {
  const agent = ddl.metadata.name;
  const { validators, skipped } = validatorsOf(ddl, options);
  let ajv: Ajv | undefined;
  const compile = (schema: Record<string, unknown>) => {
    ajv ??= newAjv('input', hostOf(validators));
    return ajv.compile(schema);
  };
  const actions = new Map(
    ddl.actions.map((action) => [action.action, compileAction(ddl, action, compile, validators)]),
  );
  return {
    ddl,
    actions,
    skippedValidators: skipped,
    action: (name) => actions.get(name),
    unknownAction: (name) =>
      `Unknown action '${name}' for agent '${agent}'${suggestion(name, actions.keys())}; its actions are: ${[...actions.keys()].join(', ')}`,
  };
}

function compileAction(
  ddl: Ddl,
  action: ActionDdl,
  compile: (schema: Record<string, unknown>) => ValidateFunction,
  validators: ReadonlyMap<string, Validator>,
): CompiledAction {
  const schema = inputSchema(action);
  let validate = madeBefore('input', schema, ownHost);
  if (!validate) checkPatterns(ddl, action, schema);
  const { dry_run: dryRun } = action;
  return {
    name: action.action,
    ddl: action,
    timeoutSeconds: action.timeout ?? ddl.metadata.timeout,
    secretInputs: secretsOf(action.input),
    secretOutputs: secretsOf(action.output),
    isMutating: (input = {}) =>
      action.mutating !== false && !(dryRun !== undefined && own(input, dryRun) === true),
    checkInput: (input) => {
      // Compiling takes milliseconds, and a client often needs one action of many.
      validate ??= compile(schema);
      return validate(input) ? undefined : inputFault(action, input, validate.errors?.[0], validators);
    },
    withDefaults: (input) => withDefaults(action, input),
    fromStrings: (words) => fromStrings(action, words),
    withOutputDefaults: (output) => withOutputDefaults(action, output),
    checkOutput: (output) => outputFault(action, output),
    redact: (input) => redact(action, input),
  };
}

// The schemas hold nothing of a DDL but bounded strings and numbers, as values of these few keywords.
function hostOf(validators: Iterable<readonly [string, Validator]>): SchemaHost {
  const formats = [...validators].map(([name, validator]) => [
    name,
    (value: string) => validator(value) === undefined,
  ]);
  const regExp = (pattern: string) => {
    let engine: Regex | undefined;
    return {
      test: (text: string) => {
        engine ??= compileRegex(pattern);
        return engine.test(text);
      },
      // By which ajv tells one from another.
      toString: () => pattern,
    };
  };
  return { formats: Object.fromEntries(formats), regExp };
}

const ownHost = hostOf(Object.entries(builtInValidators));

function checkPatterns(ddl: Ddl, action: ActionDdl, schema: Record<string, unknown>): void {
  for (const [name, { pattern }] of Object.entries(
    schema.properties as Record<string, { pattern?: string }>,
  )) {
    if (pattern === undefined) continue;
    try {
      compileRegex(pattern);
    } catch (cause) {
      const where = `DDL ${ddl.metadata.name}: action ${action.action}: input ${name}: validation`;
      throw new TroupeError('DDL_INVALID', `${where}: ${messageOf(cause)}`, { cause });
    }
  }
}

function withDefaults(action: ActionDdl, input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const complete = { ...input };
  for (const [name, declared] of Object.entries(action.input)) {
    if (own(complete, name) === undefined && declared.optional !== true && hasDefault(declared)) {
      complete[name] = structuredClone(declared.default);
    }
  }
  return complete;
}

function secretsOf(declared: Readonly<Record<string, InputDdl | OutputDdl>>): readonly string[] {
  return Object.entries(declared).flatMap(([name, { secret }]) => (secret === true ? [name] : []));
}

function hasDefault(input: InputDdl): boolean {
  return input.default !== undefined && input.default !== null;
}

function fromStrings(action: ActionDdl, words: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(words).map(([name, text]) => {
      const declared = Object.hasOwn(action.input, name) ? action.input[name] : undefined;
      // What is not declared travels as it is, for checkInput to judge.
      return [name, declared ? valueOfText(name, text, declared) : text];
    }),
  );
}

function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
