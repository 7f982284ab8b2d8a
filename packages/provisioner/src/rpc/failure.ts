import type { Result } from '@troupe/client';
import { Status, TroupeError } from '@troupe/core';
import { type AnyCode, codeOf } from '@troupe/core/internal';

/**
 * Why a step did not end well. `failed` counts, and is tried again; `permanent` is never tried again;
 * `unreachable` and `interrupted` say nothing of the node, are tried again and do not count; with `gone` the agent
 * that is asked is not there; with `lost` somebody else works on the node; with `stopped` this provisioner ends.
 */
export type FailureKind =
  | 'failed'
  | 'permanent'
  | 'unreachable'
  | 'interrupted'
  | 'gone'
  | 'lost'
  | 'stopped';

/** A step that did not end well, with its reason in words. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly kind: FailureKind;
  /** The step from which to go on; the one that failed otherwise. */
  readonly back: string | undefined;
  /** The Puppet run that failed. */
  readonly run: string | undefined;
  /** Seconds that Puppet ran all the same. */
  readonly runSeconds: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: ErrorOptions & { back?: string; run?: string; runSeconds?: number } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.back = options.back;
    this.run = options.run;
    this.runSeconds = options.runSeconds;
  }
}

const kinds = {
  failed: 'failed',
  timeout: 'failed',
  denied: 'failed',
  expired: 'unreachable',
  offline: 'unreachable',
  'no-reply': 'unreachable',
  cancelled: 'interrupted',
  unknown: 'interrupted',
  'not-asked': 'interrupted',
} as const;

/** What the end of a call says, if it did not end well. */
export function failureOf(result: Result<unknown>, what: string): StepFailure | undefined {
  if (result.state === 'ok') return undefined;
  const kind = result.statuscode === Status.unknownAction ? 'gone' : kinds[result.state];
  return new StepFailure(kind, `${what} on ${result.sender}: ${result.statusmsg}`);
}

/** A failure of whatever was thrown: the network's own are told from defects, which stay what they are. */
export function asFailure(error: unknown, what: string): unknown {
  if (!(error instanceof TroupeError)) return error;
  const kind = error.code === 'NOT_CONNECTED' ? 'unreachable' : 'failed';
  return new StepFailure(kind, `${what}: ${error.message}`, { cause: error });
}

/** The code that a command shows for whatever was thrown. */
export function codeOfFailure(error: unknown): AnyCode {
  if (!(error instanceof StepFailure)) return codeOf(error);
  if (error.cause instanceof TroupeError) return error.cause.code;
  return error.kind === 'unreachable' ? 'NODE_SILENT' : 'NODE_FAILED';
}
