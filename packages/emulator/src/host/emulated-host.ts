import { appendFileSync, existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emulatedProvision } from '@troupe/agent-provision';
import { emulatedPuppetd } from '@troupe/agent-puppetd';
import {
  type Agent,
  type AnyHandler,
  type Facts,
  type Logger,
  messageOf,
  openMqtt,
  silentLogger,
} from '@troupe/core';
import { replaceFile } from '@troupe/core/durable-file';
import { type Daemon, type DaemonConfig, loadDaemonConfig, startDaemon } from '@troupe/daemon';
import {
  type Faults,
  FaultyTransport,
  type Link,
  type Mishap,
  openLink,
  writePolicies,
} from '@troupe/testkit';
import { emulatedPuppet } from '../puppet/emulated-puppet.js';
import { type HostPaths, hostPaths } from '../puppet/host-paths.js';
import type { Players } from '../puppet/players.js';
import { operator } from '../site/site.js';
import type { Behaviour } from './behaviour.js';
import { plantCsr } from './planted-csr.js';

/** What an emulated host is born with. */
export interface HostOptions {
  readonly identity: string;
  /** Its disk; what an earlier life left there is gone on with. */
  readonly folder: string;
  /** The file of the enrolment token. */
  readonly token: string;
  readonly brokers: readonly string[];
  readonly mainCollective: string;
  /** Of the CA on every master. */
  readonly port: number;
  /** PEM file of the CA of broker and callers. */
  readonly siteCa: string;
  readonly facts: Facts;
  readonly players: Players;
  /** Milliseconds that a run of Puppet takes. */
  readonly runTakes: () => number;
  readonly behaviour?: Behaviour;
  /** What goes wrong between it and the broker at this moment. */
  readonly faults?: () => Faults;
  readonly onMishap?: (what: Mishap) => void;
  readonly log?: Logger;
}

/**
 * A machine that boots with an enrolment token and becomes a managed host: the real daemon with the real agents
 * provision and puppetd, on a disk of its own, over an emulated Puppet.
 */
export class EmulatedHost {
  readonly identity: string;
  readonly paths: HostPaths;
  readonly #options: HostOptions;
  readonly #log: Logger;
  #daemon: Daemon | undefined;
  #isStopping = false;
  #wake: (() => void) | undefined;
  #isWoken = false;
  #life: Promise<void> | undefined;
  /** The cable of one that is to vanish. */
  #link: Link | undefined;

  constructor(options: HostOptions) {
    this.identity = options.identity;
    this.paths = hostPaths(options.folder, options.identity);
    this.#options = options;
    this.#log = options.log ?? silentLogger;
  }

  /** Switches it on; the first time its disk is that of the image. Rejects where its first daemon does not start. */
  async start(): Promise<void> {
    if (existsSync(this.#gone)) return;
    if (!existsSync(this.paths.config)) await this.#install();
    if (this.#options.behaviour === 'vanishes') await this.#plugIn();
    let config = loadDaemonConfig(this.paths.config);
    this.#daemon = await this.#startDaemon(config);
    this.#life = (async () => {
      while (!this.#isStopping) {
        await this.#woken();
        if (this.#isStopping) return;
        await this.#daemon?.close({ patience: AbortSignal.timeout(3_600_000) });
        if (this.#isStopping) return;
        config = await this.#startAgain(config);
      }
    })();
  }

  /** Ends it in order, as an operator would; what it had to do stays on its disk. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#reload();
    await this.#life;
    await this.#daemon?.close();
    await this.#link?.close();
  }

  async #plugIn(): Promise<void> {
    const { hostname: host, port } = new URL(this.#options.brokers[0] ?? '');
    this.#link = await openLink({ host, port: Number(port) });
  }

  // A configuration that does not work must not cost the node: mcod too goes back to the one before.
  async #startAgain(before: DaemonConfig): Promise<DaemonConfig> {
    try {
      const config = loadDaemonConfig(this.paths.config);
      this.#daemon = await this.#startDaemon(config);
      return config;
    } catch (error) {
      this.#log.error(
        { node: this.identity, reason: messageOf(error) },
        'cannot start with the new configuration: the previous one stays in use',
      );
      this.#daemon = await this.#startDaemon(before);
      return before;
    }
  }

  #startDaemon(config: DaemonConfig): Promise<Daemon> {
    const { faults, onMishap = () => undefined } = this.#options;
    const log = this.#log;
    const link = this.#link;
    const brokers = link
      ? this.#options.brokers.map((url) => `${new URL(url).protocol}//127.0.0.1:${link.port}`)
      : this.#options.brokers;
    return startDaemon({
      config,
      configFile: this.paths.config,
      log,
      onReload: () => this.#reload(),
      agents: this.#agents(config),
      connect: ({ clientId, will, security }) => {
        const urls = { ...config.broker, urls: brokers };
        const transport = openMqtt({ ...urls, clientId, will, credentials: security.credentials, log });
        return faults ? new FaultyTransport(transport, faults, { onMishap }) : transport;
      },
    });
  }

  #agents({ security }: DaemonConfig): Agent[] {
    const { players, runTakes, behaviour } = this.#options;
    const failsIn = { 'bootstrap-fails': 'bootstrap', 'production-fails': 'production' }[behaviour as string];
    const puppet = () =>
      emulatedPuppet(players, (folder, command) => ({
        paths: this.paths,
        port: this.#options.port,
        folder,
        command,
        takes: runTakes(),
        ...(failsIn === undefined ? {} : { failsIn }),
        finalConfig: this.#configOf(behaviour === 'stays' ? 'token' : 'x509'),
      }));
    const provision = wrapped(emulatedProvision(puppet), {
      request_certificate: async (run) => {
        if (behaviour === 'planted') await plantCsr(this.paths, this.#options.port);
        const output = await run();
        appendFileSync(this.paths.reportedCsrs, `${JSON.stringify({ time: Date.now(), ...output })}\n`);
        return output;
      },
      bootstrap_puppet: async (run) => {
        if (behaviour === 'vanishes') return this.#vanish();
        return run();
      },
    });
    return security.mode === 'token' ? [provision] : [provision, emulatedPuppetd(puppet)];
  }

  // Nobody takes leave of anybody: the broker finds out by itself.
  async #vanish(): Promise<never> {
    await writeFile(this.#gone, '');
    this.#isStopping = true;
    this.#log.warn({ node: this.identity }, 'this host was switched off permanently');
    this.#link?.cut();
    return new Promise<never>(() => {});
  }

  get #gone(): string {
    return join(this.paths.root, 'gone');
  }

  async #install(): Promise<void> {
    const { paths } = this;
    const { facts, folder, token } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(paths.facts, JSON.stringify(facts));
    await writeFile(paths.hostsFile, '127.0.0.1 localhost\n');
    // Each host has its own copy, which it removes when it has its certificate.
    await copyFile(token, paths.token);
    // It says that the host is installed: not before, and never in part, whenever the process is killed.
    await replaceFile(paths.config, this.#configOf('token'));
  }

  #configOf(mode: 'token' | 'x509'): string {
    const { identity, paths } = this;
    const { mainCollective, port, siteCa, brokers } = this.#options;
    const { hostcert, hostprivkey } = paths.puppet;
    const final = {
      collectives: [mainCollective],
      broker: { urls: brokers },
      security: { mode, ca: siteCa, certificate: hostcert, key: hostprivkey },
    };
    return JSON.stringify({
      identity,
      ...(mode === 'token' ? { security: { mode, token: paths.token } } : final),
      plugins: { provision: { key_type: 'ec', hosts_file: paths.hostsFile, port } },
      facts: { paths: [paths.facts] },
      state_dir: paths.stateDir,
      authorization: { policies: writePolicies(paths.root, [operator]) },
      audit: { file: paths.audit },
    });
  }

  #reload(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  async #woken(): Promise<void> {
    if (!this.#isWoken) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isWoken = false;
  }
}

type Around = (run: () => Promise<Record<string, unknown>>) => Promise<Record<string, unknown>>;

/** The same agent, something done around some of its actions. */
function wrapped(agent: Agent, around: Readonly<Record<string, Around>>): Agent {
  return {
    ...agent,
    setup: async (section, host) => {
      const handlers = await agent.setup(section, host);
      if (!handlers) return undefined;
      const both = Object.entries(handlers).map(([action, handler]): [string, AnyHandler] => {
        const outer = around[action];
        if (!outer) return [action, handler];
        return [action, (input, context) => outer(async () => handler(input, context))];
      });
      return Object.fromEntries(both);
    },
  };
}
