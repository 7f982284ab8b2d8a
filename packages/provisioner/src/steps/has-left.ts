import { StepFailure } from '../rpc/failure.js';

/** Whether a node that was handed over has no provision agent any more, so that nothing can be noted there. */
export function hasLeft(
  error: unknown,
  steps: { readonly restart: boolean; readonly verify: boolean },
): boolean {
  if (!(error instanceof StepFailure)) return false;
  // Where nobody looks whether it came back, it is not to be reached either.
  return error.kind === 'gone' || (error.kind === 'unreachable' && steps.restart && !steps.verify);
}
