import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno, makeFolderSync, replaceFileSync } from './durable-file.js';
import { readRegularFileSync } from './regular-file.js';

/** The `by` of a pause whose file does not name the caller. */
export const unknownCaller = 'somebody';

/** Why something is paused. */
export interface Pause {
  readonly by: string;
  /** ISO 8601; empty if it is not recorded. */
  readonly since: string;
  readonly reason: string;
}

/** A file that pauses a daemon while it exists: so a pause outlives the caller and the daemon. */
export class PauseFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The pause in force. A file created by hand, empty or not, is one too. */
  read(): Pause | undefined {
    let text: string;
    try {
      text = readRegularFileSync(this.path).toString('utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      return { by: unknownCaller, since: '', reason: `${this.path} exists and cannot be read` };
    }
    return { by: unknownCaller, since: '', reason: `${this.path} exists`, ...noted(text) };
  }

  /** Starts a pause; one that is in force stays as it is. Returns whether there was none. */
  begin(by: string, reason: string, now = new Date()): boolean {
    if (this.read()) return false;
    makeFolderSync(dirname(this.path));
    const pause: Pause = { by, since: now.toISOString(), reason };
    replaceFileSync(this.path, `${JSON.stringify(pause)}\n`, 0o644);
    return true;
  }

  /** Ends the pause. Returns whether there was one. */
  end(): boolean {
    const wasPaused = this.read() !== undefined;
    rmSync(this.path, { force: true });
    return wasPaused;
  }
}

function noted(text: string): Partial<Pause> {
  try {
    const found = JSON.parse(text) as Record<string, unknown> | null;
    const texts = (['by', 'since', 'reason'] as const).flatMap((key) => {
      const value = found?.[key];
      return typeof value === 'string' ? [[key, value] as const] : [];
    });
    return Object.fromEntries(texts);
  } catch {
    return {}; // Created by hand: its existence is enough.
  }
}

/** Describes a pause. */
export function wordsOfPause({ by, since, reason }: Pause): string {
  const who = by === unknownCaller ? '' : ` by ${by}`;
  const when = since === '' ? '' : ` since ${since}`;
  return `paused${who}${when}${reason === '' ? '' : `: ${reason}`}`;
}
