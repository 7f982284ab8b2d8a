import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSite, type Site } from '@troupe/emulator';
import { NameJournal } from '@troupe/provisioner';
import type { Faults } from '@troupe/testkit';
import type { Role, Size } from './cast.js';
import { makeNotifier } from './notifier-config.js';
import { Actor } from './processes/actor.js';
import type { NodesPlan } from './processes/nodes-main.js';
import { type Fault, notifiers, usualWire } from './schedule.js';
import { Witness } from './witness.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const mcprovision = file('../../../packages/provisioner/bin/mcprovision.js');
const mcod = file('../../../packages/daemon/bin/mcod.js');
const troupeBroker = file('../../../packages/broker/bin/troupe-broker.js');

/** Milliseconds that a run of Puppet takes. */
const runTakes = [200, 2500] as const;

/** What a provisioner is told for the run: patience is short, since everything that dies comes back soon. */
const settings = {
  sleeptime: 3,
  lease: 10,
  attempts: 5,
  backoff: { first: 0.3, most: 3 },
  step_settings: { verify: { timeout: 25 } },
  // Each for itself: a run is over before the time of a second digest.
  notify: { targets: ['webhook://witness'], singles: 1_000_000 },
};

/** Everything that runs, as processes of this machine, and what breaks it. */
export class ChaosNetwork {
  readonly site: Site;
  /** Who reads the notifications. */
  readonly witness: Witness;
  readonly actors = new Map<string, Actor>();
  readonly #folder: string;
  readonly #size: Size;
  readonly #roles: readonly Role[];
  readonly #repairs = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(folder: string, size: Size, roles: readonly Role[], site: Site, witness: Witness) {
    this.#folder = folder;
    this.#size = size;
    this.#roles = roles;
    this.site = site;
    this.witness = witness;
  }

  static async make(folder: string, size: Size, roles: readonly Role[]): Promise<ChaosNetwork> {
    const { masters } = size;
    const site = await makeSite({ folder: join(folder, 'site'), masters, provisioner: settings });
    return new ChaosNetwork(folder, size, roles, site, await Witness.start());
  }

  get logs(): string {
    return join(this.#folder, 'logs');
  }

  /** Starts broker, masters and Puppets; then provisioners and nodes, all at once. */
  async start(): Promise<void> {
    const { groups, provisioners } = this.#size;
    mkdirSync(this.logs, { recursive: true });
    const config = join(this.#folder, 'broker.json');
    writeFileSync(config, JSON.stringify(this.site.broker));
    this.#add('broker', [troupeBroker, '--config', config], /urls/);
    for (const [index, { folder }] of this.site.masters.entries()) {
      const wire = this.#wireOf(`master ${index + 1}`);
      this.#add(`master ${index + 1}`, [file('./processes/master-main.js'), folder, wire], /^ready/);
    }
    for (let number = 1; number <= notifiers; number += 1) {
      const config = await makeNotifier(this.site, `notifier${number}.emulated`, this.witness.url);
      this.#add(`notifier ${number}`, [mcod, '--config', config], /connected to the broker/);
    }
    const beganAt = Date.now() + 3000;
    for (let group = 1; group <= groups; group += 1) {
      const socket = join(this.#folder, `puppets-${group}.sock`);
      this.#add(`puppets ${group}`, [file('./processes/puppets-main.js'), socket], /^ready/);
    }
    const first = [...this.actors.values()];
    await first[0]?.start();
    await Promise.all(first.slice(1).map((actor) => actor.start()));
    for (let number = 1; number <= provisioners; number += 1) await this.#addProvisioner(number);
    for (let group = 1; group <= groups; group += 1) this.#addNodes(group, beganAt);
    const others = [...this.actors.values()].filter((actor) => !first.includes(actor));
    await Promise.all(others.map((actor) => actor.start()));
    for (const name of this.actors.keys()) if (/^(nodes|master)/.test(name)) this.#setWire(name, usualWire);
  }

  /** Breaks something now, and mends it when its time is over. */
  inflict({ deed, target, lasts, wire }: Fault): void {
    const repair = this.#break(deed, target, wire);
    const once = () => {
      if (this.#repairs.delete(once)) repair();
    };
    this.#repairs.add(once);
    this.#later(once, lasts);
  }

  /** Mends everything that is broken now, the wires included. */
  mend(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const repair of [...this.#repairs]) repair();
    for (const name of this.actors.keys()) if (/^(nodes|master)/.test(name)) this.#setWire(name, {});
  }

  async stop(): Promise<void> {
    this.mend();
    const ofKind = (kind: RegExp) => [...this.actors.values()].filter(({ name }) => kind.test(name));
    for (const kind of [/^provisioner/, /^nodes/, /^(puppets|master|notifier)/, /^broker/]) {
      await Promise.all(ofKind(kind).map((actor) => actor.stop()));
    }
    await this.witness.close();
  }

  #break(deed: Fault['deed'], target: string, wire: Faults | undefined): () => void {
    if (deed === 'spoil') {
      const name = target.replace('wire of ', '');
      this.#setWire(name, wire ?? {});
      return () => this.#setWire(name, usualWire);
    }
    if (deed === 'cut') {
      const group = target.replace('power ', '');
      const ups = [`nodes ${group}`, `puppets ${group}`].map((name) => this.#actor(name).kill());
      return () => {
        for (const up of ups.toReversed()) up();
      };
    }
    return deed === 'kill' ? this.#actor(target).kill() : this.#actor(target).pause();
  }

  #actor(name: string): Actor {
    const actor = this.actors.get(name);
    if (!actor) throw new RangeError(`unknown actor "${name}"`);
    return actor;
  }

  #add(name: string, words: readonly string[], ready?: RegExp): void {
    const log = join(this.logs, `${name.replaceAll(' ', '-')}.log`);
    this.actors.set(name, new Actor({ name, words, log, ...(ready && { ready }) }));
  }

  async #addProvisioner(number: number): Promise<void> {
    const config = JSON.parse(await readFile(this.site.provisionerFile, 'utf8')) as object;
    const path = join(this.#folder, `provisioner-${number}.yaml`);
    const logfile = this.provisionerLog(number);
    const journal = join(this.#folder, `provisioner-${number}.journal`);
    writeFileSync(path, JSON.stringify({ ...config, logfile, loglevel: 'info', journal }));
    NameJournal.create(journal);
    this.#add(`provisioner ${number}`, [mcprovision, 'run', '--foreground', '--config', path]);
  }

  provisionerLog(number: number): string {
    return join(this.logs, `events-${number}.jsonl`);
  }

  #addNodes(group: number, beganAt: number): void {
    const plan: NodesPlan = {
      site: this.site,
      roles: this.#roles.filter((role) => role.group === group - 1),
      socket: join(this.#folder, `puppets-${group}.sock`),
      wire: this.#wireOf(`nodes ${group}`),
      beganAt,
      runTakes,
    };
    const path = join(this.#folder, `nodes-${group}.json`);
    writeFileSync(path, JSON.stringify(plan));
    this.#add(`nodes ${group}`, [file('./processes/nodes-main.js'), path], /^ready/);
  }

  #wireOf(name: string): string {
    return join(this.#folder, `wire-${name.replaceAll(' ', '-')}.json`);
  }

  #setWire(name: string, faults: Faults): void {
    const path = this.#wireOf(name);
    // In one step: somebody may be reading it.
    writeFileSync(`${path}.new`, JSON.stringify(faults));
    renameSync(`${path}.new`, path);
  }

  #later(work: () => void, seconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, seconds * 1000);
    this.#timers.add(timer);
  }
}
