import { StepFailure } from '../rpc/failure.js';

/** Whether a node that was handed over has no provision agent any more, so that nothing can be recorded on it. */
export function hasLeft(
  error: unknown,
  steps: { readonly restart: boolean; readonly verify: boolean },
): boolean {
  if (!(error instanceof StepFailure)) return false;
  // Without `verify`, a node that is still restarting cannot be reached either.
  return error.kind === 'gone' || (error.kind === 'unreachable' && steps.restart && !steps.verify);
}
