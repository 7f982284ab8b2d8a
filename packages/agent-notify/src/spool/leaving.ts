/** Resolves when a signal fires; `stop` ends the waiting. */
export function leaving(signal: AbortSignal): {
  readonly promise: Promise<undefined>;
  readonly stop: () => void;
} {
  let stop = () => {};
  const promise = new Promise<undefined>((resolve) => {
    const leave = () => resolve(undefined);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    stop = () => signal.removeEventListener('abort', leave);
  });
  return { promise, stop };
}

/** Whether a signal fired because the caller of an action has cancelled it. */
export function isCancelled(signal: AbortSignal): boolean {
  return (signal.reason as { code?: unknown } | undefined)?.code === 'CALLER_DENIED';
}
