import { basename } from 'node:path';
import {
  type ActionDdl,
  type AggregateDdl,
  type DataDdl,
  type Ddl,
  type InputDdl,
  type OutputDdl,
  parseDataDdl,
  parseDdl,
} from '@troupe/core';
import { RubyFault } from './fault.js';
import { parseRuby } from './parser.js';
import { importRegex } from './regex.js';
import type { Call, Statement, Value } from './value.js';

/** A Ruby DDL as JSON, and what its author should look at, one line each. */
export type ImportedDdl =
  | { readonly kind: 'agent'; readonly ddl: Ddl; readonly notes: readonly string[] }
  | { readonly kind: 'data'; readonly ddl: DataDdl; readonly notes: readonly string[] };

const agentSchema = 'https://choria.io/schemas/mcorpc/ddl/v1/agent.json';
const types = ['string', 'list', 'boolean', 'integer', 'float', 'number', 'array', 'hash'];
const metadataKeys = ['name', 'description', 'author', 'license', 'version', 'url', 'timeout'];
const isName = /^[a-z0-9][a-z0-9_]{0,62}$/;
const mostBytes = 1024 * 1024;

/**
 * Converts MCollective's Ruby DDL of an agent or a data plugin to JSON. It parses the text and never runs it; what
 * would have to be run is refused, except loops over literal lists, conditions and operations on literals. `where` is its file, which names the
 * plugin where its metadata has a title instead. Throws DDL_INVALID with `where`, the line and the reason.
 */
export function importRubyDdl(text: string, where = 'the DDL'): ImportedDdl {
  try {
    if (text.length > mostBytes) throw new RubyFault(1, `the DDL is longer than ${mostBytes} characters`);
    return new Importer(where).import(parseRuby(text));
  } catch (error) {
    throw error instanceof RubyFault ? error.at(where) : error;
  }
}

class Importer {
  readonly #notes: string[] = [];
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  import(statements: readonly Statement[]): ImportedDdl {
    let metadata: Record<string, unknown> | undefined;
    let data: Statement | undefined;
    const actions: ActionDdl[] = [];
    for (const statement of statements) {
      if (statement.word === 'metadata') metadata = this.#metadata(statement);
      else if (statement.word === 'action') actions.push(this.#action(statement));
      else if (statement.word === 'dataquery') data = statement;
      else if (!['requires', 'usage'].includes(statement.word)) throw misplaced(statement, 'in a DDL');
    }
    if (!metadata) throw new RubyFault(1, 'the DDL has no metadata');
    this.#nameAfterFile(metadata, data !== undefined);
    const notes = this.#notes;
    if (data) return { kind: 'data', ddl: this.#data(data, metadata), notes };
    if (actions.length === 0) {
      throw new RubyFault(
        1,
        'the DDL has no actions: only the DDLs of agents and data plugins can be imported',
      );
    }
    notes.push(
      'Ruby DDLs do not declare whether an action changes the host: set "mutating": false for each action that does not',
    );
    return { kind: 'agent', ddl: parseDdl({ $schema: agentSchema, metadata, actions }, this.#where), notes };
  }

  #metadata({ pairs, line }: Statement): Record<string, unknown> {
    const metadata: Record<string, unknown> = {};
    for (const [key, value] of pairs) {
      if (metadataKeys.includes(key)) metadata[key] = plain(value);
      else this.#note(value.line, `metadata ${key} is not supported and is omitted`);
    }
    for (const key of ['description', 'author', 'license', 'url']) {
      if (metadata[key] !== '') continue;
      metadata[key] = 'unknown';
      this.#note(line, `metadata ${key} is empty: set to "unknown"`);
    }
    return metadata;
  }

  // MCollective knows a plugin by its file; the name in its metadata is a title as often as not.
  #nameAfterFile(metadata: Record<string, unknown>, isData: boolean): void {
    const title = metadata.name;
    const name = basename(this.#where, '.ddl').replace(isData ? /_data$/ : '', '');
    if (typeof title !== 'string' || isName.test(title) || !isName.test(name)) return;
    metadata.name = name;
    this.#notes.push(`metadata name "${title}" is not a valid name: replaced by the file name "${name}"`);
  }

  #action(statement: Statement): ActionDdl {
    const { body = [], line, pairs } = statement;
    const action: { -readonly [K in keyof ActionDdl]: ActionDdl[K] } = {
      action: nameOf(statement),
      description: text(pairs.get('description'), line, 'the description of the action'),
      input: {},
      output: {},
    };
    const input: Record<string, InputDdl> = {};
    const output: Record<string, OutputDdl> = {};
    const aggregate: AggregateDdl[] = [];
    const shown = pairs.get('display');
    if (shown) action.display = this.#display(shown);
    for (const part of body) {
      if (part.word === 'display') action.display = this.#display(part.values[0], part.line);
      else if (part.word === 'input') input[nameOf(part)] = this.#input(part);
      else if (part.word === 'output') output[nameOf(part)] = this.#output(part);
      else if (part.word === 'summarize') aggregate.push(...(part.body ?? []).map(aggregateOf));
      else throw misplaced(part, 'in an action');
    }
    return { ...action, input, output, ...(aggregate.length > 0 && { aggregate }) };
  }

  #display(value: Value | undefined, at = 0): 'ok' | 'failed' | 'always' {
    const line = value?.line ?? at;
    const mode = value && plain(value);
    if (mode === 'ok' || mode === 'failed' || mode === 'always') return mode;
    if (mode !== 'flatten') throw new RubyFault(line, 'display takes :ok, :failed or :always');
    this.#note(line, 'display :flatten is not supported: replaced by "always"');
    return 'always';
  }

  #input(statement: Statement, needsOptional = true): InputDdl {
    const { pairs, line } = statement;
    const input: Record<string, unknown> = {};
    for (const [key, value] of pairs) {
      if (key === 'type') Object.assign(input, this.#type(value));
      else if (key === 'validation') Object.assign(input, this.#validation(value, nameOf(statement)));
      else if (['prompt', 'description', 'optional', 'maxlength', 'list', 'default'].includes(key)) {
        input[key] = plain(value);
      } else this.#note(value.line, `input property ${key} is not supported and is omitted`);
    }
    if (needsOptional && input.optional === undefined) {
      input.optional = false;
      this.#note(line, `input ${nameOf(statement)} does not declare optional: the input is required`);
    }
    return input as unknown as InputDdl;
  }

  #type(value: Value): Partial<InputDdl> {
    const written = plain(value);
    if (typeof written !== 'string') throw new RubyFault(value.line, 'a type must be a symbol');
    // Some DDLs have :Array and :Hash.
    const type = types.includes(written.toLowerCase()) ? written.toLowerCase() : written;
    if (types.includes(type)) return { type } as Partial<InputDdl>;
    if (type === 'any')
      throw new RubyFault(value.line, 'the type :any is not supported: declare the actual type');
    this.#note(value.line, `the type :${type} becomes a string of any length with the validator "${type}"`);
    return { type: 'string', validation: type, maxlength: 0 };
  }

  #validation(value: Value, input: string): Partial<InputDdl> {
    if (value.kind === 'symbol') return this.#namedValidation(value.name, value.line);
    if (value.kind === 'array') return { type: 'list', list: plain(value) as string[] };
    const isText = value.kind === 'plain' && typeof value.value === 'string';
    if (value.kind !== 'regex' && !isText)
      throw new RubyFault(value.line, 'a validation must be a regular expression, a symbol or a list');
    const [source, flags] = value.kind === 'regex' ? [value.source, value.flags] : [String(value.value), ''];
    const { pattern, note } = importRegex(source, flags, value.line);
    if (note !== undefined) this.#note(value.line, `input ${input}: ${note}`);
    return { validation: pattern };
  }

  #namedValidation(name: string, line: number): Partial<InputDdl> {
    if (types.includes(name))
      throw new RubyFault(line, `the validation :${name} is a type: use :type => :${name} instead`);
    return { validation: name };
  }

  #output({ pairs }: Statement): OutputDdl {
    const output: Record<string, unknown> = {};
    for (const [key, value] of pairs) {
      if (['description', 'display_as', 'default', 'type'].includes(key)) output[key] = plain(value);
      else this.#note(value.line, `output property ${key} is not supported and is omitted`);
    }
    return output as unknown as OutputDdl;
  }

  #data({ body = [], pairs, line }: Statement, metadata: Record<string, unknown>): DataDdl {
    const output: Record<string, OutputDdl> = {};
    let query: InputDdl | undefined;
    for (const part of body) {
      if (part.word === 'input') query = this.#input(part);
      else if (part.word === 'output') output[nameOf(part)] = this.#output(part);
      else throw misplaced(part, 'in a dataquery');
    }
    const description = pairs.get('description');
    if (description && metadata.description === 'unknown')
      metadata.description = text(description, line, 'the description');
    return parseDataDdl({ metadata, ...(query && { query }), output }, this.#where);
  }

  #note(line: number, note: string): void {
    this.#notes.push(`line ${line}: ${note}`);
  }
}

function aggregateOf(statement: Statement): AggregateDdl {
  const [call] = statement.values;
  if (statement.word !== 'aggregate' || call?.kind !== 'call') {
    throw new RubyFault(statement.line, 'summarize takes lines such as: aggregate summary(:output)');
  }
  const options = Object.fromEntries([...call.pairs].map(([key, value]) => [key, plain(value)]));
  const args = [...call.values.map(plain), ...(call.pairs.size > 0 ? [options] : [])];
  return { function: call.word, args };
}

function nameOf({ values, word, line }: Call): string {
  const name = values[0] && plain(values[0]);
  if (typeof name !== 'string' || values.length > 1) throw new RubyFault(line, `${word} takes one name`);
  return name;
}

function text(value: Value | undefined, line: number, what: string): string {
  const found = value && plain(value);
  if (typeof found !== 'string') throw new RubyFault(value?.line ?? line, `${what} is missing`);
  return found;
}

function plain(value: Value): unknown {
  switch (value.kind) {
    case 'plain':
      return value.value;
    case 'symbol':
      return value.name;
    case 'array':
      return value.items.map(plain);
    case 'hash':
      return Object.fromEntries([...value.pairs].map(([key, inner]) => [key, plain(inner)]));
    case 'regex':
      throw new RubyFault(value.line, 'a regular expression is only allowed in :validation');
    case 'call':
      throw new RubyFault(
        value.line,
        `"${value.word}" is Ruby code, which is not executed: write its value instead`,
      );
  }
}

function misplaced({ word, line }: Call, where: string): RubyFault {
  return new RubyFault(line, `"${word}" is not allowed ${where}`);
}
