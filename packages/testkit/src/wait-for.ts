import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Seconds until it gives up; 10 unless told. */
  timeoutSeconds?: number;
  /** Milliseconds between two looks; 50 unless told. */
  intervalMs?: number;
  signal?: AbortSignal;
}

/**
 * Looks again and again until `condition` returns something truthy, and returns that. A condition that throws is
 * not met yet; the error at the deadline says what was awaited and carries the last thing thrown as its cause.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const { timeoutSeconds = 10, intervalMs = 50, signal } = options;
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    signal?.throwIfAborted();
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw new Error(failure(what, timeoutSeconds, cause), { cause });
    await delay(intervalMs, undefined, signal ? { signal } : {});
  }
}

function failure(what: string, timeoutSeconds: number, cause: unknown): string {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return `timeout: waited ${timeoutSeconds} s for ${what}${reason}`;
}
