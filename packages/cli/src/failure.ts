import { CommanderError } from 'commander';
import type { InterruptionCode } from './exit.js';
import type { Screen } from './screen.js';

/** An error of use that the command line itself finds: one line, what and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Ctrl-C or SIGTERM before anything was sent. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode: InterruptionCode;

  constructor(exitCode: InterruptionCode) {
    super('interrupted before anything was sent');
    this.exitCode = exitCode;
  }
}

/** Says in one line what went wrong; with --verbose, where. */
export function reportFailure(screen: Screen, error: unknown): void {
  // Commander has said it already.
  if (error instanceof CommanderError) return;
  const message = error instanceof Error ? error.message : String(error);
  screen.warn(screen.paintNote('red', `mco: ${oneLine(message)}`));
  if (screen.isVerbose && error instanceof Error && error.stack !== undefined) screen.warn(error.stack);
}

/** Commander's message in our form: `mco: unknown option --jsno (did you mean --json?)`. */
export function usageLine(message: string): string {
  const words = oneLine(message)
    .replace(/^error: /, '')
    .replace(/\(Did you mean ([^)]*)\?\)$/, (_, names: string) => `(did you mean ${names}?)`)
    .replace(/^(unknown option|unknown command) '([^']*)'/, '$1 $2')
    .replace(/^option '([^']*)' cannot be used with option '([^']*)'/, '$1 cannot be used with $2')
    .replace(/^option '([^']*)' argument '(.*?)' is invalid\. /s, '$1: "$2" ')
    .replace(/^option '([^']*)' argument missing/, '$1 needs a value')
    .replace(/^missing required argument '([^']*)'/, 'missing argument <$1>');
  return `mco: ${words}`;
}

function oneLine(message: string): string {
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}
