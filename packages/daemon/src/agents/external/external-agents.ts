import { type Agent, type Logger, messageOf, TroupeError } from '@troupe/core';
import { Serial } from '@troupe/core/async';
import { reasonOf } from '@troupe/core/internal';
import { allowsUnsafeFiles } from '@troupe/core/trusted-path';
import type { ExternalEntry } from '../../config.js';
import { externalAgent } from './external-agent.js';
import {
  checkEntries,
  commandsOf,
  listPlaces,
  type Place,
  placeFault,
  readPlace,
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
}

interface Known {
  readonly stamp: string | undefined;
  /** The agent that is at work from this place. */
  readonly name: string | undefined;
}

/** The external agents of a node, kept in step with their files. */
export class ExternalAgents {
  readonly #options: ExternalAgentsOptions;
  /** By the path of the DDL. */
  // no peer fills this: it holds the agents of the configuration
  readonly #known = new Map<string, Known>();
  /** Changes seen once: a file may still be growing. */
  // no peer fills this: it holds the agents of the configuration
  readonly #unsettled = new Map<string, string | undefined>();

  constructor(options: ExternalAgentsOptions) {
    this.#options = options;
  }

  /** Loads all. Throws what is wrong with an agent that the configuration names; one from a folder is logged and left out. */
  async load(): Promise<void> {
    const { entries, configFile } = this.#options;
    checkEntries(entries);
    const places = await listPlaces(entries, configFile);
    await Promise.all(
      places.map(async (place) => {
        const stamp = await stampOf(place);
        try {
          await this.#take(place, stamp);
        } catch (error) {
          if (place.isNamed && !isUnsafe(error)) throw error;
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
    const { entries, configFile, log } = this.#options;
    try {
      const places = new Map<string, Place>();
      for (const place of await listPlaces(entries, configFile)) places.set(place.ddlFile, place);
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
    if (known?.stamp === stamp) {
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
  }

  async #drop(file: string, words = 'external agent removed: its DDL no longer exists'): Promise<void> {
    const name = this.#known.get(file)?.name;
    this.#known.delete(file);
    if (name === undefined) return;
    await this.#options.remove(name);
    this.#options.log.info({ agent: name, file }, words);
  }

  // Not again before the files change again.
  #note({ ddlFile }: Place, stamp: string | undefined, error: unknown): void {
    const name = this.#known.get(ddlFile)?.name;
    this.#known.set(ddlFile, { stamp, name });
    const consequence = name === undefined ? 'it is skipped' : 'the previous version stays in use';
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
