import type { JsonFailure } from '@troupe/client/application';
import { TroupeError } from '@troupe/core';
import { oneLine } from '@troupe/core/internal';
import { CommanderError } from 'commander';
import type { InterruptionCode } from './exit.js';
import type { Screen } from './terminal/screen.js';

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

/** Says in one line what went wrong; with --verbose, where. `isAtWork`: the command line itself is sound. */
export function reportFailure(screen: Screen, error: unknown, isAtWork: boolean): void {
  const failure = failureOf(error, isAtWork);
  // Commander has said it already.
  if (error instanceof CommanderError) screen.json?.fail(failure);
  else sayFailure(screen, failure);
  if (screen.isVerbose && error instanceof Error && error.stack !== undefined) screen.warn(error.stack);
}

/** Says why a command fails: on standard error, and in `errors` of its JSON. */
export function sayFailure(screen: Screen, failure: JsonFailure): void {
  screen.warn(screen.paintNote('red', `mco: ${failure.message}`));
  screen.json?.fail(failure);
}

function failureOf(error: unknown, isAtWork: boolean): JsonFailure {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof CommanderError) return { code: 'USAGE_INVALID', message: usageText(text) };
  return { code: codeOf(error, isAtWork), message: oneLine(text, Number.POSITIVE_INFINITY) };
}

function codeOf(error: unknown, isAtWork: boolean): string {
  if (error instanceof TroupeError) return error.code;
  if (error instanceof InterruptedError) return 'INTERRUPTED';
  return error instanceof UsageError || !isAtWork ? 'USAGE_INVALID' : 'INTERNAL_ERROR';
}

/** Commander's message in our form: `mco: unknown option --jsno (did you mean --json?)`. */
export function usageLine(message: string): string {
  return `mco: ${usageText(message)}`;
}

function usageText(message: string): string {
  return oneLine(message, Number.POSITIVE_INFINITY)
    .replace(/^error: /, '')
    .replace(/\(Did you mean ([^)]*)\?\)$/, (_, names: string) => `(did you mean ${names}?)`)
    .replace(/^(unknown option|unknown command) '([^']*)'/, '$1 $2')
    .replace(/^option '([^']*)' cannot be used with option '([^']*)'/, '$1 cannot be used with $2')
    .replace(/^option '([^']*)' argument '(.*?)' is invalid\. /s, '$1: "$2" ')
    .replace(/^option '([^']*)' argument missing/, '$1 needs a value')
    .replace(/^missing required argument '([^']*)'/, 'missing argument <$1>');
}
