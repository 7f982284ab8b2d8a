import { withCode } from '../errors.js';

const wordings: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Commander.
  [/^missing required argument '([^']*)'/, 'missing argument <$1>'],
  [/^required option '([^']*)' not specified/, 'missing option $1'],
  [/^option '([^']*)' argument missing/, '$1 needs a value'],
  // parseArgs of Node.
  [/^Unknown option '([^']*)'.*/s, 'unknown option $1'],
  [/^Option '([^']*)' argument (missing|is ambiguous).*/s, '$1 needs a value'],
  [/^Option '([^']*)' does not take an argument/, '$1 takes no value'],
  [/^Unexpected argument '([^']*)'.*/s, 'unexpected argument "$1"'],
];

/** What a program other than `mco` writes on standard error if its command line is wrong. */
export function usageFailure(program: string, reason: string): string {
  return `${program}: ${withCode(usageFault(reason, `${program} --help`), 'USAGE_INVALID')}\n`;
}

/** What is wrong with a command line, in the same words for all programs, and the command that prints its help: `missing argument <file> (see mcod --help)`. */
export function usageFault(message: string, help: string): string {
  const found = wordings.find(([pattern]) => pattern.test(message));
  return `${found ? message.replace(...found) : message} (see ${help})`;
}
