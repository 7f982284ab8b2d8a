import { messageOf } from '../errors.js';
import type { DataOperand } from '../filter/expression.js';
import { compileDdl } from './compile.js';
import type { ActionDdl, InputDdl, Metadata, OutputDdl } from './ddl.js';
import { suggestion } from './suggestion.js';
import type { CompileOptions } from './validator-choice.js';

/** What a data plugin can be asked and what it answers: Choria's data DDL v1. */
export interface DataDdl {
  readonly $schema?: string;
  readonly metadata: Metadata;
  readonly description?: string;
  /** Null or left out where the plugin is asked nothing. */
  readonly query?: InputDdl | null;
  readonly output: Readonly<Record<string, OutputDdl>>;
}

/** A data plugin's DDL, ready to judge queries and answers. */
export interface CompiledData {
  readonly ddl: DataDdl;
  readonly timeoutSeconds: number;
  /** What is wrong with a query, in one line, or nothing. */
  checkQuery(query: string | undefined): string | undefined;
  /** For nodes: the answer with every declared output present. */
  withOutputDefaults(answer: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** Compiles a DDL that `parseDataDdl` let through. Throws DDL_INVALID as `compileDdl` does. */
export function compileDataDdl(ddl: DataDdl, options: CompileOptions = {}): CompiledData {
  // A data plugin is an agent with one action, whose one input is the query.
  const asked = ddl.query ?? undefined;
  const action: ActionDdl = {
    action: 'query',
    description: ddl.metadata.description,
    input: asked === undefined ? {} : { query: asked },
    output: ddl.output,
  };
  const compiled = compileDdl({ metadata: ddl.metadata, actions: [action] }, options).action('query');
  if (!compiled) throw new Error('a compiled DDL has the actions of the DDL');
  return {
    ddl,
    timeoutSeconds: compiled.timeoutSeconds,
    checkQuery: (query) => {
      if (query === undefined) return compiled.checkInput({})?.message;
      if (asked === undefined) return `${ddl.metadata.name}() takes no query`;
      try {
        return compiled.checkInput(compiled.fromStrings({ query }))?.message;
      } catch (error) {
        return messageOf(error);
      }
    },
    withOutputDefaults: compiled.withOutputDefaults,
  };
}

/**
 * What is wrong with the data functions of a filter, for a client to say before it asks anybody. A plugin that
 * is not in `known` is a fault too.
 */
export function dataFaults(
  operands: readonly DataOperand[],
  known: ReadonlyMap<string, CompiledData>,
): string[] {
  return operands.flatMap(({ name, query, output }) => {
    const data = known.get(name);
    if (!data) return [`unknown data plugin "${name}"${suggestion(name, known.keys())}`];
    const outputs = Object.keys(data.ddl.output);
    const fault = data.checkQuery(query);
    return [
      ...(fault === undefined ? [] : [`${name}(): ${fault}`]),
      ...(outputs.includes(output)
        ? []
        : [
            `${name}() has no output "${output}"${suggestion(output, outputs)}; its outputs: ${outputs.join(', ')}`,
          ]),
    ];
  });
}
