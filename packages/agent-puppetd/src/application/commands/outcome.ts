/** Whether the outcome of a last run is a failure; nodes of an earlier version do not state one, and a new host never ran. */
export function isFailure(outcome: string | null | undefined): outcome is string {
  return !['changed', 'unchanged', 'never', null, undefined].includes(outcome);
}
