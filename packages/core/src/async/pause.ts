import { onAbort } from './on-abort.js';

/** Resolves after so many milliseconds, or when the signal fires. Any number of pauses may share a signal. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      ignore();
      resolve();
    };
    const timer = setTimeout(go, milliseconds);
    const ignore = onAbort(signal, go);
  });
}
