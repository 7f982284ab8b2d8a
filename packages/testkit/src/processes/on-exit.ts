import { onExit as onProcessExit } from 'signal-exit';

const actions = new Set<() => void>();
let isListening = false;

/**
 * Runs a synchronous clean-up, the newest first, if this process ends by itself or by a signal that nobody
 * handles; the result takes it back.
 */
export function onExit(action: () => void): () => void {
  if (!isListening) {
    isListening = true;
    onProcessExit(() => {
      for (const each of [...actions].reverse()) each();
    });
  }
  actions.add(action);
  return () => actions.delete(action);
}
