interface Watch {
  readonly calls: Set<() => void>;
  readonly fire: () => void;
}

/**
 * One listener on each signal, however many wait for it: each costs more than the one before it, so that 20,000 take two
 * seconds to add (Node 24). Node 20 also warns of more than ten.
 */
// no peer fills this: an entry lasts as long as its signal
const watches = new WeakMap<AbortSignal, Watch>();

/** Calls `call` when the signal fires, until the result is called. Any number of calls may share a signal. */
export function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (!signal) return () => {};
  const watch = watches.get(signal) ?? begin(signal);
  // The same function may be given twice.
  const entry = () => call();
  watch.calls.add(entry);
  return () => {
    watch.calls.delete(entry);
    if (watch.calls.size > 0 || watches.get(signal) !== watch) return;
    watches.delete(signal);
    signal.removeEventListener('abort', watch.fire);
  };
}

function begin(signal: AbortSignal): Watch {
  const calls = new Set<() => void>();
  const fire = () => {
    watches.delete(signal);
    for (const call of [...calls]) call();
  };
  signal.addEventListener('abort', fire, { once: true });
  const watch = { calls, fire };
  watches.set(signal, watch);
  return watch;
}
