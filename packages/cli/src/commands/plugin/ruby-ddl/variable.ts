import { RubyFault } from './fault.js';

/** The variable of a loop where it is used, and the methods of texts that are called of it. */
export interface Variable {
  readonly name: string;
  readonly methods: readonly string[];
}

const methods: Readonly<Record<string, (text: string) => string>> = {
  to_s: (text) => text,
  to_sym: (text) => text,
  capitalize: (text) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
  upcase: (text) => text.toUpperCase(),
  downcase: (text) => text.toLowerCase(),
};

/** Reads `name.method.method`, as in `#{…}`; undefined if it is anything else. */
export function variableOf(text: string): Variable | undefined {
  const [name = '', ...rest] = text.trim().split('.');
  const isKnown = /^[a-z_]\w*$/.test(name) && rest.every((method) => Object.hasOwn(methods, method));
  return isKnown ? { name, methods: rest } : undefined;
}

/** Whether this is a method of texts that can be read without running anything. */
export function isMethod(name: string): boolean {
  return Object.hasOwn(methods, name);
}

/** The value of a variable in this iteration of its loop. Throws RubyFault if no loop defines it. */
export function standsFor(
  { name, methods: called }: Variable,
  bindings: ReadonlyMap<string, string>,
  line: number,
): string {
  const value = bindings.get(name);
  if (value === undefined)
    throw new RubyFault(
      line,
      'a string with #{…} is Ruby code, which is not executed: write the string without it',
    );
  return called.reduce((text, method) => methods[method]?.(text) ?? text, value);
}
