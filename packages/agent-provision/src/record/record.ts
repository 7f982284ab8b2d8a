import { readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Logger, messageOf } from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { absent, isTemporaryOf, makeFolder, replaceFile, syncFolder } from '@troupe/core/durable-file';
import { checkState, emptyState, type ProvisionState, parseState, remember } from './state.js';

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The record as it is read: {@link ProvisionRecord.update} alone changes it. */
export type Recorded = DeepReadonly<ProvisionState>;

/** The durable memory of a node's provisioning: what was written is there after a crash or a power cut. */
export class ProvisionRecord {
  readonly file: string;
  #state: ProvisionState;
  readonly #changes = new Serial();

  private constructor(file: string, state: ProvisionState) {
    this.file = file;
    this.#state = state;
  }

  /**
   * Opens the record in `file`, or begins one. A file that cannot be understood is kept beside it and the new
   * record says so; throws where the file cannot be read at all.
   */
  static async open(file: string, log: Logger, now: () => number = Date.now): Promise<ProvisionRecord> {
    await makeFolder(dirname(file), 0o700);
    await removeTemporaries(file);
    const json = await readFile(file, 'utf8').catch(absent);
    if (json === undefined) return new ProvisionRecord(file, emptyState(firstToken(now)));
    try {
      return new ProvisionRecord(file, parseState(json));
    } catch (cause) {
      const record = new ProvisionRecord(file, await setAside(file, json, messageOf(cause), now));
      log.error(
        { file: record.state.damaged?.file, reason: messageOf(cause) },
        'the provisioning record is damaged: started a new one',
      );
      await record.update(() => undefined);
      return record;
    }
  }

  get state(): Recorded {
    return this.#state;
  }

  /**
   * Changes the record: one change after the other, each on disk before the promise resolves. What `change`
   * throws leaves the record as it was.
   */
  update<T>(change: (draft: ProvisionState) => T): Promise<T> {
    return this.#changes.run(async () => {
      const draft = structuredClone(this.#state);
      const result = change(draft);
      // What could not be read again must never be written.
      checkState(draft);
      await replaceFile(this.file, `${JSON.stringify(draft, null, 2)}\n`, { mode: 0o600 });
      this.#state = draft;
      return result;
    });
  }
}

// Fencing tokens never repeat, also when the record is lost: the first of a new record is the time in seconds,
// which no former record can have reached by counting.
function firstToken(now: () => number): number {
  return Math.floor(now() / 1000);
}

async function setAside(
  file: string,
  json: string,
  reason: string,
  now: () => number,
): Promise<ProvisionState> {
  const time = new Date(now()).toISOString();
  const kept = `${file}.damaged-${time.replaceAll(/[:.]/g, '-')}`;
  await rename(file, kept);
  await syncFolder(dirname(file));
  // The clock may have been set back since: what can still be read of the old tokens counts too.
  const tokens = Array.from(json.matchAll(/"token":\s*(\d{1,15})\b/g), ([, digits]) => Number(digits));
  const state = emptyState(Math.max(firstToken(now), ...tokens));
  state.damaged = { file: kept, reason, since: time };
  remember(state, {
    time,
    step: 'record',
    attempt: null,
    outcome: 'damaged',
    reason: `cannot read the record (${reason}): moved it to ${kept}`,
    seconds: null,
    owner: null,
  });
  return state;
}

async function removeTemporaries(file: string): Promise<void> {
  const folder = dirname(file);
  for (const name of await readdir(folder)) {
    if (isTemporaryOf(file, name)) await unlink(join(folder, name)).catch(absent);
  }
}
