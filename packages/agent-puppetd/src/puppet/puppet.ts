import { randomUUID } from 'node:crypto';
import { type Logger, messageOf } from '@troupe/core';
import { type PuppetConfig, readPuppetConfig } from './config.js';
import { type LastRun, readLastRun } from './last-run.js';
import { type LogEntry, readLogs } from './logs.js';
import { listRecords, type RunRecord, readVerdict } from './record.js';
import type { RunOptions } from './request.js';
import { applyResource, type ResourceRequest, type ResourceVerdict } from './resource.js';
import { PuppetRun } from './run.js';
import type { AssumedSettings, PuppetSettings } from './setting-names.js';
import { findExecutable, SettingsReader } from './settings.js';
import { attachRun, startRun } from './start.js';
import { daemonPid, disable, enable, type PuppetStatus, readStatus } from './state.js';
import { readIsManaged, readTypeDistribution } from './summary.js';
import type { PuppetSystem } from './system.js';
import type { PuppetOutcome } from './verdict.js';

const neverBegan: readonly PuppetOutcome[] = ['disabled', 'already-running', 'ssl-locked', 'not-started'];

/** Puppet on this host: its settings, its state, and running and judging it. */
export class Puppet {
  readonly config: PuppetConfig;
  readonly #stateDir: string;
  readonly #settings: SettingsReader;
  readonly #system: PuppetSystem | undefined;
  readonly #starting = new Map<string, Promise<PuppetRun>>();

  /**
   * `section` may hold the `puppetKeys`; records of runs and the cached settings go to `stateDir`,
   * which belongs to one process. `system` is for emulators. Throws CONFIG_INVALID.
   */
  constructor(section: Readonly<Record<string, unknown>>, stateDir: string, system?: PuppetSystem) {
    this.config = readPuppetConfig(section);
    this.#stateDir = stateDir;
    this.#settings = new SettingsReader(this.config, stateDir);
    this.#system = system;
  }

  /** Whether the command exists on this host now. */
  isInstalled(): Promise<boolean> {
    if (this.#system) return Promise.resolve(true);
    return findExecutable(this.config).then(
      () => true,
      () => false,
    );
  }

  /** Puppet's settings and paths, read once and again when puppet.conf changes. Throws CONFIG_INVALID. */
  settings(): Promise<PuppetSettings> {
    return this.#system?.settings() ?? this.#settings.read();
  }

  /**
   * The settings without a wait for Puppet, if puppet.conf and the installation leave no doubt; Puppet is asked in the
   * background. Throws CONFIG_INVALID.
   */
  async assumedSettings(): Promise<AssumedSettings> {
    if (!this.#system) return this.#settings.assume();
    const settings = await this.#system.settings();
    return { settings, confirmed: Promise.resolve(settings) };
  }

  async status(): Promise<PuppetStatus> {
    return readStatus(await this.settings());
  }

  /** Enables Puppet; false where it already was. */
  async enable(): Promise<boolean> {
    return enable(await this.settings());
  }

  /** Disables Puppet; false, and the first message kept, where it already was. */
  async disable(message: string): Promise<boolean> {
    return disable(await this.settings(), message);
  }

  /** The process of Puppet's own daemon; SIGUSR1 makes it run at once. */
  async daemonPid(): Promise<number | undefined> {
    return daemonPid(await this.settings());
  }

  /** The last run, whoever started it. */
  async lastRun(): Promise<LastRun> {
    return readLastRun(await this.settings());
  }

  /** The first messages of the last run. */
  async logs(limit?: number): Promise<LogEntry[]> {
    return readLogs(await this.settings(), limit);
  }

  /** How many resources of each type Puppet manages here. */
  async typeDistribution(): Promise<Record<string, number>> {
    return readTypeDistribution(await this.settings());
  }

  /** Whether Puppet manages a resource here, given as `Type[title]`. */
  async isManaged(reference: string): Promise<boolean> {
    return readIsManaged(await this.settings(), reference);
  }

  /** Applies one resource. Throws INPUT_INVALID. */
  async apply(request: ResourceRequest, options: { signal?: AbortSignal } = {}): Promise<ResourceVerdict> {
    return applyResource(this.config, await this.settings(), this.#stateDir, { ...request, ...options });
  }

  /** The run in progress that this agent started, unless it only waits for its random time. */
  async running(): Promise<PuppetRun | undefined> {
    for (const record of await this.runs()) {
      const run = new PuppetRun(record);
      if (!record.command.includes('--splay') && (await run.isRunning())) return run;
    }
    return undefined;
  }

  /** Start of the newest run that this agent started, in seconds since 1970; 0 if there is none. */
  async lastBegan(): Promise<number> {
    for (const record of await this.runs()) {
      const verdict = await readVerdict(record);
      if (!verdict || !neverBegan.includes(verdict.outcome)) return Math.floor(record.startedAt / 1000);
    }
    return 0;
  }

  /**
   * Starts a run, detached, or attaches to the one that has this id; `settings` if they are not those that Puppet has
   * confirmed. Throws INPUT_INVALID.
   */
  start(options: RunOptions = {}, settings = this.settings()): Promise<PuppetRun> {
    const id = options.id ?? randomUUID();
    const starting =
      this.#starting.get(id) ??
      settings
        .then((known) => startRun(this.config, known, this.#stateDir, { ...options, id }, this.#system))
        .finally(() => this.#starting.delete(id));
    this.#starting.set(id, starting);
    return starting;
  }

  /** A run that was started earlier, in progress or ended, possibly by a daemon that has exited since. */
  attach(id: string): Promise<PuppetRun | undefined> {
    return attachRun(this.#stateDir, id);
  }

  /** The records of the last runs, the newest first. */
  runs(): Promise<RunRecord[]> {
    return listRecords(this.#stateDir);
  }

  /** Judges the runs that have no verdict yet, as they end: to be called when a daemon has restarted. */
  async resume(log: Logger): Promise<void> {
    for (const record of await this.runs()) {
      if (await readVerdict(record)) continue;
      const run = new PuppetRun(record);
      log.info({ run: run.id }, 'following a Puppet run that was started before mcod restarted');
      run.follow({ isBackground: true }).then(
        ({ outcome, reason }) => log.info({ run: run.id, outcome, reason }, 'Puppet run ended'),
        (error: unknown) =>
          log.error({ run: run.id, reason: messageOf(error) }, 'cannot determine how the Puppet run ended'),
      );
    }
  }
}
