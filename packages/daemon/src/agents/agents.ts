import { once } from 'node:events';
import { join } from 'node:path';
import {
  type Agent,
  type AgentConfig,
  type DataLookup,
  type Host,
  type Logger,
  messageOf,
  TroupeError,
} from '@troupe/core';
import { KeyedSerial } from '@troupe/core/async';
import { isErrno } from '@troupe/core/durable-file';
import { diskFaultOf, reasonOf } from '@troupe/core/internal';
import type { DaemonConfig } from '../config.js';
import type { Loss } from '../loss.js';
import { outsideAgents } from './agent-scope.js';
import { Closers } from './closers.js';
import { ExternalAgents } from './external/index.js';
import { findAgent, type ImportedAgent } from './import.js';
import { agentStateDir, type Registry } from './registry.js';
import { StayingAgents } from './staying.js';

/** Milliseconds between two looks at the files of external agents; a change is loaded at the second look that sees it. */
const lookInterval = 2000;

/** Milliseconds after which an agent that was left out because of the disk is tried again. */
const retryInterval = 60_000;

/** Milliseconds after which an agent that is still being loaded is named in the log. */
const longLoad = 5000;

/** The agents that may exist in the collective of machines without a certificate. */
const enrollingAgents = new Set(['rpcutil', 'discovery', 'provision']);

export interface AgentsOptions {
  readonly config: DaemonConfig;
  /** Where the configuration came from; paths of agents are relative to it. */
  readonly configFile: string;
  readonly log: Logger;
  readonly registry: Registry;
  readonly data: Map<string, DataLookup>;
  readonly node: Pick<Host, 'identity' | 'facts' | 'classes'>;
  readonly reload: () => void;
  /** Called when an agent is left out, or no longer is. */
  readonly changed?: () => void;
  /** Keeps the receipt of an enrolment; not there on a host with a certificate. */
  readonly acceptReceipt?: (receipt: string) => Promise<void>;
  /** For a check of the configuration: the folder below which agents get their folders, and nothing is kept. */
  readonly trialFolder?: string;
  /** Milliseconds that an agent has to set itself up. */
  readonly setUpTime?: number;
  /** Milliseconds after which an agent that is still being loaded is named in the log. */
  readonly longLoad?: number;
}

/** An agent of the configuration that was imported, or could not be. */
interface Imported {
  readonly specifier: string;
  /** Its own, if it is known. */
  readonly name: string;
  /** Absent if it cannot be found. */
  readonly found: ImportedAgent | undefined;
  /** Rejects with why it could not be imported. */
  readonly agent: () => Promise<Agent>;
}

/** The place of agents that are loaded after all others: one after the other. */
const lastPlace = Number.MAX_SAFE_INTEGER;

/** Subscribes to the requests to an agent; the result ends the subscription. */
export type Subscribe = (agent: string) => Promise<() => Promise<void>>;

/** Loads the agents of a daemon, keeps the external ones in step with their files, and closes all. */
export class Agents {
  readonly #options: AgentsOptions;
  readonly #closers = new Closers();
  readonly #external: ExternalAgents;
  readonly #staying: StayingAgents;
  // no peer fills this: it holds the agents of the configuration
  readonly #subscriptions = new Map<string, () => Promise<void>>();
  /** Why agents are left out, by their names in the configuration. */
  // no peer fills this: it holds the agents of the configuration
  readonly #leftOut = new Map<string, unknown>();
  // no peer fills this: it holds the data plugins of the agents of the configuration
  readonly #dataPlaces = new Map<string, number>();
  #subscribe: Subscribe | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopWatching: () => Promise<void> = async () => {};

  constructor(options: AgentsOptions) {
    const { config, configFile, log, registry } = options;
    this.#options = options;
    this.#staying = new StayingAgents(config.state_dir, log);
    this.#external = new ExternalAgents({
      entries: config.external_agents,
      configFile,
      log,
      put: async (agent, where, instead) => {
        const isAtWork = await this.#add(agent, where, { replaces: instead !== undefined });
        if (isAtWork) await this.#listen(agent.ddl.metadata.name);
        return isAtWork;
      },
      leave: (file, error) => this.#leave(file, error),
      remove: async (name) => {
        registry.remove(name);
        await this.#subscriptions.get(name)?.();
        this.#subscriptions.delete(name);
      },
    });
  }

  /** The agents of the configuration that could not be loaded. */
  get leftOut(): readonly Pick<Loss, 'what' | 'reason'>[] {
    return [...this.#leftOut].map(([what, error]) => ({ what, reason: messageOf(error) }));
  }

  /** The same as errors, for a check. */
  get faults(): ReadonlyMap<string, unknown> {
    return this.#leftOut;
  }

  /**
   * Loads what is given, then what the configuration names. An agent of the configuration that is at fault is left out, and the
   * others serve. Throws if a given one is at fault, and the signal's reason as soon as it aborts; those before it are closed then.
   */
  async load(given: readonly Agent[], signal?: AbortSignal): Promise<void> {
    const loaded = this.#loadAll(given);
    const ended = new AbortController();
    try {
      // Nothing can end an import: what hangs is left behind.
      await (signal ? Promise.race([loaded, aborted(signal, ended.signal)]) : loaded);
    } catch (error) {
      await this.#closers.close(this.#options.log);
      throw error;
    } finally {
      ended.abort();
    }
  }

  async #loadAll(given: readonly Agent[]): Promise<void> {
    for (const agent of given) await this.#add(agent, agent.ddl.metadata.name, { place: 0 });
    await this.#importAll(this.#options.config.agents);
    await this.#external.load();
    if (this.#options.trialFolder === undefined) await this.#loadStaying();
  }

  /** Subscribes to the requests to each agent, now and as agents are added and removed. */
  async serve(subscribe: Subscribe): Promise<void> {
    this.#subscribe = subscribe;
    for (const name of this.#options.registry.names()) await this.#listen(name);
    this.#stopWatching = this.#external.watch(lookInterval);
    this.#retryLater();
  }

  // Whoever frees a disk does not think of the daemon.
  #retryLater(): void {
    this.#retry = setTimeout(() => {
      void this.#retryLeftOut().finally(() => {
        if (this.#retry !== undefined) this.#retryLater();
      });
    }, retryInterval).unref();
  }

  async #retryLeftOut(): Promise<void> {
    for (const specifier of this.#options.config.agents) {
      const error = this.#leftOut.get(specifier);
      if (error === undefined || diskFaultOf(error) === undefined) continue;
      await this.#importAll([specifier]);
      if (this.#leftOut.has(specifier)) continue;
      this.#options.log.info({ agent: specifier }, 'an agent that was left out is loaded now');
      for (const name of this.#options.registry.names()) await this.#listenOrLog(name);
    }
  }

  async #listenOrLog(name: string): Promise<void> {
    try {
      await this.#listen(name);
    } catch (error) {
      this.#options.log.error(
        { agent: name, ...reasonOf(error) },
        'cannot subscribe to the requests to an agent',
      );
    }
  }

  /** To be called when nothing runs any more; never rejects. */
  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    await this.#stopWatching();
    await this.#closers.close(this.#options.log);
  }

  async #listen(name: string): Promise<void> {
    if (this.#subscribe && !this.#subscriptions.has(name))
      this.#subscriptions.set(name, await this.#subscribe(name));
  }

  // None of them is worth a daemon that does not start.
  async #loadStaying(): Promise<void> {
    const { config, registry, log } = this.#options;
    for (const { name, specifier, section } of this.#staying.list()) {
      if (config.security.mode === 'token' || registry.names().includes(name)) continue;
      try {
        // One that was taken from the disk was taken away for a reason: none before it stands in.
        const { now, accept } = findAgent(specifier, this.#options.configFile);
        await this.#add(await now(), specifier, { specifier, section });
        accept();
        log.info(
          { agent: name },
          'the agent is no longer in the configuration: it stays loaded until it has finished its work',
        );
      } catch (error) {
        log.warn(
          { agent: name, ...reasonOf(error) },
          'cannot load an agent that has unfinished work: it will not be tried again',
        );
        this.#staying.release(name);
      }
    }
  }

  // One that hangs must not add its time to that of the others; results come in the order of the configuration.
  async #importAll(specifiers: readonly string[]): Promise<void> {
    // Which of two of one name is the first is known only when all are imported.
    const imported = await this.#together(specifiers, 'importing it', (specifier) =>
      this.#importOne(specifier),
    );
    const turns = new KeyedSerial();
    const failures = await this.#together(specifiers, 'its set-up', async (_, index) => {
      const one = imported[index];
      return one && turns.run(one.name, () => this.#setUp(one, index + 1));
    });
    for (const [index, specifier] of specifiers.entries()) this.#imported(specifier, failures[index]);
  }

  /** Does something with each at the same time; those that take long are named in the log. */
  async #together<T>(
    specifiers: readonly string[],
    what: string,
    work: (specifier: string, index: number) => Promise<T>,
  ): Promise<readonly T[]> {
    const { log, longLoad: milliseconds = longLoad } = this.#options;
    const unfinished = new Set(specifiers);
    const report = setTimeout(() => {
      for (const agent of unfinished)
        log.warn(
          { agent, reason: `"${agent}": ${what} is not finished after ${milliseconds / 1000} s` },
          'an agent takes long to load: the daemon serves only when it is loaded or left out',
        );
    }, milliseconds);
    try {
      return await Promise.all(
        specifiers.map(async (specifier, index) => {
          const result = await work(specifier, index);
          unfinished.delete(specifier);
          return result;
        }),
      );
    } finally {
      clearTimeout(report);
    }
  }

  #imported(specifier: string, failure: { readonly error: unknown } | undefined): void {
    if (failure === undefined) {
      this.#leave(specifier);
      return;
    }
    const { error } = failure;
    const known = this.#leftOut.get(specifier);
    this.#leave(specifier, error);
    if (known !== undefined && messageOf(known) === messageOf(error)) return;
    this.#options.log.error(
      { agent: specifier, ...reasonOf(error) },
      'an agent is left out: the daemon serves without it',
    );
  }

  #leave(what: string, error?: unknown): void {
    const was = this.#leftOut.has(what);
    if (error === undefined) this.#leftOut.delete(what);
    else this.#leftOut.set(what, error);
    if (was !== this.#leftOut.has(what)) this.#options.changed?.();
  }

  async #importOne(specifier: string): Promise<Imported> {
    let found: ImportedAgent | undefined;
    try {
      found = findAgent(specifier, this.#options.configFile);
      const agent = await found.now();
      return { specifier, name: agent.ddl.metadata?.name ?? specifier, found, agent: async () => agent };
    } catch (error) {
      return { specifier, name: specifier, found, agent: () => Promise.reject(error) };
    }
  }

  /** Why it is left out, if it is. */
  async #setUp(
    { specifier, found, agent }: Imported,
    place: number,
  ): Promise<{ readonly error: unknown } | undefined> {
    try {
      try {
        await this.#add(await agent(), specifier, { specifier, place });
        found?.accept();
      } catch (error) {
        if (!found?.before) throw error;
        // A reload must not cost us an agent that works.
        this.#options.log.error(
          { agent: specifier, ...reasonOf(error) },
          'cannot load the changed agent: the previous version stays in use',
        );
        await this.#add(await found.before(), specifier, { specifier, place });
      }
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  async #add(
    agent: Agent,
    where: string,
    {
      specifier,
      section,
      place = lastPlace,
      ...replacing
    }: { replaces?: boolean; specifier?: string; section?: AgentConfig | undefined; place?: number } = {},
  ): Promise<boolean> {
    const { config, registry, log, setUpTime } = this.#options;
    const { name } = agent.ddl.metadata;
    if (config.security.mode === 'token' && !enrollingAgents.has(name)) {
      throw new TroupeError(
        'CONFIG_INVALID',
        `agents: "${where}" is not permitted with security.mode token: a machine without a certificate may run only provision`,
      );
    }
    const own = config.plugins[name] ?? section ?? {};
    const host = this.#host(name, place);
    if (specifier !== undefined && this.#options.trialFolder === undefined) {
      host.stay = (isNeeded) => {
        if (isNeeded) this.#staying.keep({ name, specifier, section: own });
        else this.#staying.release(name);
      };
    }
    const isAtWork = await registry.add(agent, where, own, host, {
      ...replacing,
      ...(setUpTime !== undefined && { setUpTime }),
    });
    if (!isAtWork) log.info({ agent: name }, 'the agent does not apply to this host');
    return isAtWork;
  }

  #host(name: string, place: number): { -readonly [Key in keyof Host]: Host[Key] } {
    const { config, data, log, node, reload, acceptReceipt, trialFolder } = this.#options;
    return {
      ...(acceptReceipt && { acceptReceipt }),
      ...(trialFolder !== undefined && { isCheck: true }),
      identity: node.identity,
      log: log.child({ agent: name }),
      stateDir: this.#stateDir(trialFolder ?? config.state_dir, name),
      facts: () => node.facts(),
      classes: () => node.classes(),
      provideData: (plugin, lookup) => {
        // Of agents that are set up at the same time, the last one counts.
        if (place < (this.#dataPlaces.get(plugin) ?? 0)) return;
        this.#dataPlaces.set(plugin, place);
        data.set(plugin, lookup);
      },
      reload: () => outsideAgents(reload),
      onClose: (close) => this.#closers.add(name, close, place),
    };
  }

  // An agent may not need it: whether it can do without is its own affair.
  #stateDir(folder: string, name: string): string {
    try {
      return agentStateDir(folder, name);
    } catch (error) {
      if (!isErrno(error)) throw error;
      this.#options.log.error({ agent: name, ...reasonOf(error) }, 'cannot make the folder of an agent');
      return join(folder, 'agents', name);
    }
  }
}

// Listens until it is no longer needed: the signal is that of the process.
async function aborted(signal: AbortSignal, unneeded: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort', { signal: unneeded });
  throw signal.reason;
}
