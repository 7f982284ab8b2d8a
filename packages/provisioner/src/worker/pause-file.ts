import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFileSync } from '@troupe/core/durable-file';

/** Why no new node is begun. */
export interface Pause {
  readonly by: string;
  /** ISO 8601; empty where nobody noted it. */
  readonly since: string;
  readonly reason: string;
}

/** A file that pauses the provisioner of this host while it exists: so a pause outlives both who asked and who obeys. */
export class PauseFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The pause in force. A file that anybody made by hand, empty or not, is one too. */
  read(): Pause | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      return { by: 'somebody', since: '', reason: `${this.path} is there and cannot be read` };
    }
    return { by: 'somebody', since: '', reason: `${this.path} is there`, ...noted(text) };
  }

  /** Begins a pause; one that is in force stays as it is. Returns whether there was none. */
  begin(by: string, reason: string, now = new Date()): boolean {
    if (this.read()) return false;
    mkdirSync(dirname(this.path), { recursive: true });
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
    return {}; // Made by hand: that it is there says all.
  }
}

/** A pause in a few words. */
export function wordsOfPause({ by, since, reason }: Pause): string {
  const when = since === '' ? '' : ` since ${since}`;
  return `paused by ${by}${when}${reason === '' ? '' : `: ${reason}`}`;
}
