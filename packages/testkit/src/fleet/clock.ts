import { AsyncLocalStorage } from 'node:async_hooks';

const skews = new AsyncLocalStorage<number>();
const realNow = Date.now;
let isInstalled = false;

/**
 * Runs `work`, and all that it sets going, by a clock that is `milliseconds` ahead: what `Date.now()` says there.
 * The clock of everything else in this process stays right.
 */
export function withSkew<T>(milliseconds: number, work: () => T): T {
  if (!isInstalled) {
    isInstalled = true;
    Date.now = () => realNow() + (skews.getStore() ?? 0);
  }
  return skews.run(milliseconds, work);
}
