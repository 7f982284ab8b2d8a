import { statSync } from 'node:fs';
import { reasonOf } from '../errors.js';
import type { Logger } from '../log/logger.js';

/** Milliseconds between two looks at files that may have changed. */
const lookEvery = 1_000;

/**
 * What is made of files, and made again when one of them has changed: they are looked at when the value is asked
 * for, at most once a second. What cannot be made keeps the last good value and says so in the log. Throws what
 * `read` throws when it is called first.
 */
export function followFiles<T>(options: {
  readonly files: readonly (string | undefined)[];
  readonly read: () => T;
  /** What it is, for the log. */
  readonly what: string;
  readonly log: Logger;
  readonly now?: () => number;
}): () => T {
  const { read, what, log, now = Date.now } = options;
  const files = options.files.filter((file) => file !== undefined);
  const stampAll = () => files.map(stampOf).join();
  let stamp = stampAll();
  let value = read();
  let lookedAt = now();
  return () => {
    const time = now();
    // A clock that was set back must not stop the looking.
    if (Math.abs(time - lookedAt) < lookEvery) return value;
    lookedAt = time;
    const current = stampAll();
    if (current === stamp) return value;
    stamp = current;
    try {
      value = read();
      log.info({ files }, `reloaded ${what} after a change`);
    } catch (error) {
      log.error(reasonOf(error), `cannot reload ${what}: keeping the previous version`);
    }
    return value;
  };
}

function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.ctimeNs}:${stat.size}` : 'missing';
}
