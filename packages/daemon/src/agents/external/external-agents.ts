import { type Agent, type Logger, messageOf, TroupeError } from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { diskFaultOf, reasonOf } from '@troupe/core/internal';
import { allowsUnsafeFiles } from '@troupe/core/trusted-path';
import type { ExternalEntry } from '../../config.js';
import { externalAgent } from './external-agent.js';
import {
  commandsOf,
  listPlaces,
  type Place,
  placeFault,
  readPlace,
  soundEntries,
  stampOf,
} from './places.js';

export interface ExternalAgentsOptions {
  readonly entries: readonly ExternalEntry[];
  /** Paths are relative to its folder. */
  readonly configFile: string;
  readonly log: Logger;
  /** Takes an agent in, in the place of the one named `instead`; false where it does not apply to this host. */
  readonly put: (agent: Agent, where: string, instead: string | undefined) => Promise<boolean>;
  readonly remove: (name: string) => Promise<void>;
  /** Notes why an agent is left out, by its file; with nothing, that it no longer is. */
  readonly leave: (file: string, error?: unknown) => void;
}

interface Known {
  readonly stamp: string | undefined;
  /** When it is tried again although its files are the same, in milliseconds of the monotonic clock. */
  readonly retryAt?: number;
  /** Why it was not loaded last. */
  readonly reason?: string;
  /** The agent that is at work from this place. */
  readonly name: string | undefined;
}

/** Milliseconds after which an agent that was left out because of the disk is tried again. */
const retryInterval = 60_000;

/** The external agents of a node, kept in step with their files. */
export class ExternalAgents {
  readonly #options: ExternalAgentsOptions;
  // no peer fills this: it holds the agents of the configuration
  #entries: readonly ExternalEntry[] = [];
  // no peer fills this: it holds folders of the configuration
  #unreadable: ReadonlySet<string> = new Set();
  /** By the path of the DDL. */
  // no peer fills this: it holds the agents of the configuration
  readonly #known = new Map<string, Known>();
  /** Changes seen once: a file may still be growing. */
  // no peer fills this: it holds the agents of the configuration
  readonly #unsettled = new Map<string, string | undefined>();

  constructor(options: ExternalAgentsOptions) {
    this.#options = options;
  }

  /** Loads all: one that is at fault is logged and left out. */
  async load(): Promise<void> {
    const { configFile, log, leave } = this.#options;
    const { sound, faults } = soundEntries(this.#options.entries);
    this.#entries = sound;
    for (const { where, error } of faults) {
      leave(where, error);
      log.error({ reason: error.message, code: error.code }, 'an entry of external_agents is left out');
    }
    const unreadable = new Set<string>();
    this.#unreadable = unreadable;
    const places = await listPlaces(sound, configFile, (folder, error) => {
      unreadable.add(folder);
      leave(folder, error);
      log.error({ folder, ...reasonOf(error) }, 'a folder of external agents is left out');
    });
    await Promise.all(
      places.map(async (place) => {
        const stamp = await stampOf(place);
        try {
          await this.#take(place, stamp);
        } catch (error) {
          this.#note(place, stamp, error);
        }
      }),
    );
  }

  /** Looks at the files again and again; what has changed and then stayed the same between two looks is loaded anew. */
  watch(intervalMs: number): () => Promise<void> {
    if (this.#options.entries.length === 0) return async () => {};
    let isStopped = false;
    const looks = new Serial();
    const timer = setInterval(() => {
      void looks.run(async () => {
        if (!isStopped) await this.look();
      });
    }, intervalMs).unref();
    return async () => {
      isStopped = true;
      clearInterval(timer);
      await looks.idle();
    };
  }

  /** One look; never rejects. */
  async look(): Promise<void> {
    const { configFile, log, leave } = this.#options;
    try {
      const places = new Map<string, Place>();
      const unreadable = new Set<string>();
      const found = await listPlaces(this.#entries, configFile, (folder) => unreadable.add(folder));
      for (const place of found) places.set(place.ddlFile, place);
      for (const folder of this.#unreadable) if (!unreadable.has(folder)) leave(folder);
      this.#unreadable = unreadable;
      for (const file of this.#known.keys()) {
        if (!places.has(file)) places.set(file, { ddlFile: file, isNamed: false });
      }
      for (const place of places.values()) await this.#compare(place);
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'cannot check for changed external agents');
    }
  }

  async #compare(place: Place): Promise<void> {
    const file = place.ddlFile;
    const stamp = await stampOf(place);
    const known = this.#known.get(file);
    const isDue = known?.retryAt !== undefined && performance.now() >= known.retryAt;
    if (known?.stamp === stamp && !isDue) {
      this.#unsettled.delete(file);
      return;
    }
    if (!this.#unsettled.has(file) || this.#unsettled.get(file) !== stamp) {
      this.#unsettled.set(file, stamp);
      return;
    }
    this.#unsettled.delete(file);
    try {
      if (stamp === undefined) await this.#drop(file);
      else await this.#take(place, stamp);
    } catch (error) {
      if (isUnsafe(error)) await this.#drop(file, 'external agent removed: others can write its files');
      this.#note(place, stamp, error);
    }
  }

  async #take(place: Place, stamp: string | undefined): Promise<void> {
    const { put, remove, log } = this.#options;
    const { ddlFile, configFile } = place;
    refuseUnsafe(place);
    const before = this.#known.get(ddlFile)?.name;
    const ddl = await readPlace(place);
    const name = ddl?.metadata.name;
    // Its program is the one with the name in the DDL, which need not be the name of the file.
    if (name !== undefined) refuseUnsafe(place, name);
    let isAtWork = false;
    if (ddl) {
      const commands = commandsOf(place, ddl.metadata.name);
      const agent = externalAgent({
        ddl,
        commands,
        ...(configFile !== undefined && { configFile }),
        ...(place.isProvision && { isProvision: true }),
      });
      isAtWork = await put(agent, ddlFile, before === name ? before : undefined);
      if (before !== undefined) log.info({ agent: name, file: ddlFile }, 'external agent reloaded');
    }
    if (before !== undefined && (before !== name || !isAtWork)) await remove(before);
    this.#known.set(ddlFile, { stamp, name: isAtWork ? name : undefined });
    this.#options.leave(ddlFile);
  }

  async #drop(file: string, words = 'external agent removed: its DDL no longer exists'): Promise<void> {
    const name = this.#known.get(file)?.name;
    this.#known.delete(file);
    this.#options.leave(file);
    if (name === undefined) return;
    await this.#options.remove(name);
    this.#options.log.info({ agent: name, file }, words);
  }

  // Not again before the files change again, unless it was the disk.
  #note({ ddlFile }: Place, stamp: string | undefined, error: unknown): void {
    const known = this.#known.get(ddlFile);
    const { name } = known ?? {};
    const reason = messageOf(error);
    const retry = diskFaultOf(error) === undefined ? {} : { retryAt: performance.now() + retryInterval };
    this.#known.set(ddlFile, { stamp, name, reason, ...retry });
    if (name === undefined) this.#options.leave(ddlFile, error);
    if (known?.reason === reason && known.stamp === stamp) return;
    const consequence = name === undefined ? 'it is left out' : 'the previous version stays in use';
    this.#options.log.error(
      { file: ddlFile, ...reasonOf(error) },
      `cannot load an external agent: ${consequence}`,
    );
  }
}

function refuseUnsafe(place: Place, name?: string): void {
  const fault = allowsUnsafeFiles() ? undefined : placeFault(place, name);
  if (fault !== undefined) throw new TroupeError('FILE_UNSAFE', fault);
}

function isUnsafe(error: unknown): boolean {
  return error instanceof TroupeError && error.code === 'FILE_UNSAFE';
}
