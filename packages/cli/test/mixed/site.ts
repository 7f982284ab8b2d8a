import { cpSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { SpawnedBroker } from '@troupe/broker';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { execa } from 'execa';
import { type Build, newBuild, oldBuild } from './builds.js';
import { Mco, type Ran } from './mco.js';

interface SiteFiles {
  readonly broker: Parameters<typeof import('@troupe/broker').spawnBroker>[0];
  readonly provisionerFile: string;
  readonly clientFile: string;
  readonly token: string;
}

interface Image {
  readonly identity: string;
  readonly paths: { readonly puppetRuns: string; readonly config: string; readonly audit: string };
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What the suite uses of `@troupe/emulator`, which is above this package. */
interface Emulator {
  makeSite(options: {
    folder: string;
    masters: number;
    provisioner?: Readonly<Record<string, unknown>>;
  }): Promise<SiteFiles>;
  startMasters(site: SiteFiles): Promise<readonly { close(): Promise<void> }[]>;
  emulatedHosts(options: {
    site: SiteFiles;
    instances: number;
    identity: (index: number) => string;
  }): readonly Image[];
}

const emulatorOf = (build: Build) => build.load<Emulator>('emulator');

/** A site whose broker and Puppet master are of one version, and in which an image of each version waits. */
export class MixedSite implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly images = new Map<Build, Image>();
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(folder: TempFolder) {
    this.folder = folder;
    this.#closers.push(() => folder.close());
  }

  /** Resolves when both images wait for a provisioner. */
  static async start(site: Build): Promise<MixedSite> {
    const started = new MixedSite(await createTempFolder({ prefix: 'troupe-mixed-site', mode: 0o711 }));
    try {
      await started.#start(site);
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs `mcprovision` of a version to its end. */
  async mcprovision(build: Build, command: string, ...args: readonly string[]): Promise<Ran> {
    const config = this.folder.join(`provisioner-${build.version}.yaml`);
    const words = [build.mcprovision, command, '--config', config, ...args];
    const { stdout, stderr, exitCode } = await execa(process.execPath, words, {
      reject: false,
      timeout: 90_000,
    });
    return { stdout, stderr, code: exitCode };
  }

  mco(build: Build): Mco {
    return new Mco(build, {
      PATH: process.env.PATH ?? '',
      HOME: this.folder.path,
      TROUPE_CONFIG: this.folder.join(`client-${build.version}.yaml`),
      XDG_CACHE_HOME: this.folder.join(`cache-${build.version}`),
      NO_COLOR: '1',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #start(site: Build): Promise<void> {
    const tokens = new Map<Build, string>();
    let files: SiteFiles | undefined;
    // The last one writes the files of the masters: each version writes those that it reads itself.
    for (const build of site === newBuild ? [oldBuild, newBuild] : [newBuild, oldBuild]) {
      const { makeSite } = await emulatorOf(build);
      const provisioner = { attempts: 2, backoff: { first: 0.1, most: 0.2 } };
      files = await makeSite({ folder: this.folder.path, masters: 1, provisioner });
      cpSync(files.provisionerFile, this.folder.join(`provisioner-${build.version}.yaml`));
      cpSync(files.clientFile, this.folder.join(`client-${build.version}.yaml`));
      const token = this.folder.join(`${build.version}.token`);
      await rename(files.token, token);
      tokens.set(build, token);
    }
    if (!files) return;
    const { spawnBroker } = await site.load<{
      spawnBroker(config: SiteFiles['broker']): Promise<SpawnedBroker>;
    }>('broker');
    const broker = await spawnBroker(files.broker);
    this.#closers.push(() => broker.stop());
    const { startMasters } = await emulatorOf(site);
    const masters = await startMasters(files);
    this.#closers.push(() => Promise.all(masters.map((master) => master.close())));
    for (const [build, token] of tokens) {
      const { emulatedHosts } = await emulatorOf(build);
      const [image] = emulatedHosts({
        site: { ...files, token },
        instances: 1,
        identity: () => `${build.version}-image.emulated`,
      });
      if (!image) continue;
      this.images.set(build, image);
      await image.start();
      this.#closers.push(() => image.stop());
    }
  }
}
