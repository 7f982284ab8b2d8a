import { RubyFault } from './fault.js';

/** A value in a Ruby DDL, with the line that it is on. */
export type Value = { readonly line: number } & (
  | { readonly kind: 'plain'; readonly value: string | number | boolean | null }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | { readonly kind: 'array'; readonly items: readonly Value[] }
  | { readonly kind: 'hash'; readonly pairs: ReadonlyMap<string, Value> }
  | ({ readonly kind: 'call' } & Call)
);

/** A word with what it is given: `input :name, :prompt => "Name"`. */
export interface Call {
  readonly word: string;
  readonly line: number;
  readonly values: readonly Value[];
  readonly pairs: ReadonlyMap<string, Value>;
}

/** A call that stands by itself, with the calls in its block. */
export interface Statement extends Call {
  readonly body: readonly Statement[] | undefined;
}

/** The text that Ruby makes of a value in `#{…}`; nothing where it is not a single value. */
export function textOf(value: Value): string | undefined {
  if (value.kind === 'symbol') return value.name;
  if (value.kind === 'plain') return value.value === null ? '' : String(value.value);
  return undefined;
}

/** Whether Ruby takes a value for true. Throws RubyFault if it would have to be computed. */
export function isTrue(value: Value): boolean {
  if (value.kind === 'call') throw notRun(value.line, value.word);
  return !(value.kind === 'plain' && (value.value === false || value.value === null));
}

/** The fault of something that would have to be run; `what` is a word or mark of the DDL, or `end of line`. */
export function notRun(line: number, what: string): RubyFault {
  const shown = what.startsWith('end of ') ? what : JSON.stringify(what.slice(0, 40));
  return new RubyFault(
    line,
    `unexpected ${shown}: Ruby code is not executed, apart from loops over literal lists, conditions, variables and simple operations on literals; write the actions without it`,
  );
}
