/** What a skipped test, or the suite above it, carries for the reporter. */
interface Skippable {
  skipReason?: string;
  parent?: Skippable | undefined;
}

/**
 * Skips the running test, or every test below the suite whose `before` hook calls this; the reason is kept for
 * the summary of the test run.
 */
export function skip(context: Mocha.Context, reason: string): never {
  const carrier = carrierOf(context);
  if (carrier) carrier.skipReason = reason;
  return context.skip();
}

/** Why a test was skipped, as given to `skip` in the test or in a hook of a suite above it. */
export function skipReasonOf(test: object): string | undefined {
  for (let at: Skippable | undefined = test; at; at = at.parent) {
    if (at.skipReason !== undefined) return at.skipReason;
  }
  return undefined;
}

function carrierOf(context: Mocha.Context): Skippable | undefined {
  const runnable = context.test as (Mocha.Runnable & { type?: string }) | undefined;
  if (runnable?.type !== 'hook') return runnable;
  // Mocha sets `currentTest` for both kinds of hook, to the suite's first test in a "before all".
  return runnable.title.startsWith('"before each"') ? context.currentTest : runnable.parent;
}
