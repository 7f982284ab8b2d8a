import { setMaxListeners } from 'node:events';

/** A signal that fires with this one, and to which a whole fleet may listen without a warning of Node's. */
export function signalForMany(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (!signal) return undefined;
  const own = AbortSignal.any([signal]);
  setMaxListeners(0, own);
  return own;
}

/** Resolves after so many milliseconds, or when the signal fires. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => go(), milliseconds);
    const go = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', go);
      resolve();
    };
    signal?.addEventListener('abort', go, { once: true });
  });
}
