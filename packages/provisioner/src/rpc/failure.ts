import type { Result } from '@troupe/client';
import { Status, TroupeError } from '@troupe/core';
import { type AnyCode, codeOf } from '@troupe/core/internal';
import type { FailedResource } from '../events/node-report.js';

/**
 * Why a step failed. `failed` counts as an attempt and is retried; `permanent` is never retried; `unreachable` and
 * `interrupted` are not the fault of the node, are retried and do not count; `gone`: the agent is not loaded; `lost`:
 * another provisioner works on the node; `stopped`: this provisioner is stopping; `name-taken`: the name of the node
 * belongs to another host, and may become free; `master-away`: its master does not reply, and is waited for.
 */
export type FailureKind =
  | 'failed'
  | 'permanent'
  | 'unreachable'
  | 'interrupted'
  | 'gone'
  | 'lost'
  | 'stopped'
  | 'name-taken'
  | 'master-away';

/** The failure of a step; its message is the reason for people. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly kind: FailureKind;
  /** The step at which to continue; by default the one that failed. */
  readonly back: string | undefined;
  /** The Puppet run that failed. */
  readonly run: string | undefined;
  /** Seconds that Puppet ran in spite of the failure. */
  readonly runSeconds: number | undefined;
  /** The host whose reply, or whose silence, it is. */
  readonly host: string | undefined;
  /** The resources that failed in it. */
  readonly failedResources: readonly FailedResource[];
  /** Seconds after which it is worth another attempt, if that is known. */
  readonly waitSeconds: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: ErrorOptions & {
      back?: string;
      run?: string;
      runSeconds?: number;
      host?: string | undefined;
      failedResources?: readonly FailedResource[];
      waitSeconds?: number;
    } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.back = options.back;
    this.run = options.run;
    this.runSeconds = options.runSeconds;
    this.host = options.host;
    this.failedResources = options.failedResources ?? [];
    this.waitSeconds = options.waitSeconds;
  }
}

const kinds = {
  failed: 'failed',
  timeout: 'failed',
  denied: 'failed',
  'ddl-mismatch': 'failed',
  expired: 'unreachable',
  offline: 'unreachable',
  'no-reply': 'unreachable',
  cancelled: 'interrupted',
  unknown: 'interrupted',
  'not-asked': 'interrupted',
} as const;

/** The failure of a call, if it failed. */
export function failureOf(result: Result<unknown>, what: string): StepFailure | undefined {
  if (result.state === 'ok') return undefined;
  const kind = result.statuscode === Status.unknownAction ? 'gone' : kinds[result.state];
  return new StepFailure(kind, `${what} on ${result.sender}: ${result.statusmsg}`, { host: result.sender });
}

/** The StepFailure for an error of the network; other errors are defects and are returned unchanged. */
export function asFailure(error: unknown, what: string): unknown {
  if (!(error instanceof TroupeError)) return error;
  const kind = error.code === 'NOT_CONNECTED' ? 'unreachable' : 'failed';
  return new StepFailure(kind, `${what}: ${error.message}`, { cause: error });
}

/** The code that a command prints for an error. */
export function codeOfFailure(error: unknown): AnyCode {
  if (!(error instanceof StepFailure)) return codeOf(error);
  if (error.cause instanceof TroupeError) return error.cause.code;
  return error.kind === 'unreachable' || error.kind === 'master-away' ? 'NODE_SILENT' : 'NODE_FAILED';
}
