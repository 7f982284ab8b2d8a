/** Skips a test, or from a `before` hook its suite, with the reason for the summary: testkit's skip(), on which core cannot depend. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.test as (Mocha.Runnable & { type?: string }) | undefined;
  Object.assign((runnable?.type === 'hook' ? runnable.parent : runnable) ?? {}, { skipReason: reason });
  return context.skip();
}
