/** What a skipped test, or the suite above it, carries for the reporter. */
interface Skippable {
  skipReason?: string;
  parent?: Skippable | undefined;
}

/** Of a running test or hook of mocha. Its own types would bring its globals into every program with testkit. */
interface Runnable extends Skippable {
  readonly title: string;
  readonly type?: string;
}

/** What mocha calls a test or a hook with as `this`. */
export interface TestContext {
  readonly test?: Runnable | undefined;
  readonly currentTest?: Skippable | undefined;
  skip(): never;
}

/**
 * Skips the running test, or every test below the suite whose `before` hook calls this; the reason is kept for
 * the summary of the test run.
 */
export function skip(context: TestContext, reason: string): never {
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

function carrierOf(context: TestContext): Skippable | undefined {
  const runnable = context.test;
  if (runnable?.type !== 'hook') return runnable;
  // Mocha sets `currentTest` for both kinds of hook, to the suite's first test in a "before all".
  return runnable.title.startsWith('"before each"') ? context.currentTest : runnable.parent;
}
