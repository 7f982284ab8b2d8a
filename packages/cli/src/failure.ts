import type { JsonFailure } from '@troupe/client/application';
import { messageOf, TroupeError } from '@troupe/core';
import { type AnyCode, codeOf, oneLine, withCode } from '@troupe/core/internal';
import { CommanderError } from 'commander';
import type { InterruptionCode } from './exit.js';
import { plain } from './output/plain.js';
import type { Screen } from './terminal/screen.js';

/** A usage error that the command line itself detects: one line with what is wrong and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Ctrl-C or SIGTERM before the request was sent. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode: InterruptionCode;

  constructor(exitCode: InterruptionCode) {
    super('interrupted before the request was sent');
    this.exitCode = exitCode;
  }
}

/** Why a command of mco fails: with an error code that `mco help` explains. */
export interface Failure extends JsonFailure {
  readonly code: AnyCode;
  /** The message for people, where its lines belong below one another. */
  readonly lines?: readonly string[];
}

/** Reports in one line what went wrong; with --verbose, with the stack. `hasStarted`: the command line is valid and the command has started. */
export function reportFailure(screen: Screen, error: unknown, hasStarted: boolean): void {
  const failure = failureOf(error, hasStarted);
  // Commander has reported it already.
  if (error instanceof CommanderError) screen.json?.fail(failure);
  else printFailure(screen, failure);
  if (screen.isVerbose && error instanceof Error && error.stack !== undefined)
    screen.warn(plain(error.stack));
}

/** Reports why a command fails: on standard error, and in `errors` of its JSON. */
export function printFailure(screen: Screen, failure: Failure): void {
  printApplicationFailure(screen, failure);
  if (causesLieElsewhere.has(failure.code) && isReadAtPrompt(screen))
    screen.note(`For likely causes and solutions: mco help ${failure.code}`);
}

/** Reports a failure of a command from a package: `mco help` need not explain its code. */
export function printApplicationFailure(screen: Screen, failure: JsonFailure & Pick<Failure, 'lines'>): void {
  const { code, message, lines = [] } = failure;
  screen.warn(screen.paintNote('red', `mco: ${withCode(lines[0] ?? message, code)}`));
  for (const line of lines.slice(1)) screen.warn(line);
  screen.json?.fail({ code, message });
}

// Errors whose message can rarely name the cause: a line points to the help.
const causesLieElsewhere: ReadonlySet<AnyCode> = new Set<AnyCode>([
  'BROKER_UNREACHABLE',
  'BROKER_REFUSED',
  'NOT_CONNECTED',
  'CALLER_DENIED',
  'CERTIFICATE_INVALID',
  'SIGNATURE_INVALID',
  'DDL_UNKNOWN',
  'DDL_INVALID',
  'DISCOVERY_FAILED',
  'NO_NODES',
  'INTERNAL_ERROR',
]);

// In a log or for a program the code in the message is enough.
function isReadAtPrompt({ stderr, json }: Screen): boolean {
  return stderr.isTTY === true && json === undefined;
}

function failureOf(error: unknown, hasStarted: boolean): Failure {
  const text = messageOf(error);
  if (error instanceof CommanderError) return { code: 'USAGE_INVALID', message: usageText(text) };
  const code = codeOfFailure(error, hasStarted);
  // What shows the place in a filter stands below the filter.
  const lines = code === 'FILTER_INVALID' && text.includes('\n') ? { lines: text.split('\n') } : {};
  return { code, message: oneLine(text, Number.POSITIVE_INFINITY), ...lines };
}

function codeOfFailure(error: unknown, hasStarted: boolean): AnyCode {
  if (error instanceof TroupeError) return error.code;
  if (error instanceof InterruptedError) return 'INTERRUPTED';
  return error instanceof UsageError || !hasStarted ? 'USAGE_INVALID' : codeOf(error);
}

/** Commander's message in our form: `mco: unknown option --jsno (did you mean --json?)`. */
export function usageLine(message: string): string {
  return `mco: ${withCode(usageText(message), 'USAGE_INVALID')}`;
}

function usageText(message: string): string {
  return oneLine(message, Number.POSITIVE_INFINITY)
    .replace(/^error: /, '')
    .replace(/\(Did you mean ([^)]*)\?\)$/, (_, names: string) => `(did you mean ${names}?)`)
    .replace(/^(unknown option|unknown command) '([^']*)'/, '$1 $2')
    .replace(/^option '([^']*)' cannot be used with option '([^']*)'/, '$1 cannot be used with $2')
    .replace(/^option '([^']*)' argument '(.*?)' is invalid\. /s, '$1: "$2" ');
}
