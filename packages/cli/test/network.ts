import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type SpawnedBroker, spawnBroker } from '@troupe/broker';
import { type Ca, createCa, generateKeyPair, issueCertificate } from '@troupe/core/pki';
import {
  createTempFolder,
  type RunningProcess,
  startProcess,
  type TempFolder,
  writePolicies,
} from '@troupe/testkit';
import { execa } from 'execa';
import { askedForJson } from '../src/command-line/json-mode.js';
import { checkJson } from './json/schemas.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const mco = file('../../bin/mco.js');
const mcod = file('../../../daemon/bin/mcod.js');
const labAgent = file('./lab-agent.js');

export interface NodeOptions {
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly classes?: readonly string[];
  /** Whether it has the agent `lab`. */
  readonly isPlain?: boolean;
  /** Agents beside it, and their sections of the configuration. */
  readonly agents?: readonly string[];
  readonly plugins?: Readonly<Record<string, unknown>>;
  /** More of its configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly caller?: string;
}

/** What one run of the real `mco` came to. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

/** A broker with TLS, daemons and the command line, each in its own process. */
export class TestNetwork implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly broker: SpawnedBroker;
  /** The scripts of `mco` and `mcod`. */
  readonly executable = mco;
  readonly daemonExecutable = mcod;
  readonly ca: Ca;
  readonly #daemons = new Map<string, RunningProcess>();

  private constructor(folder: TempFolder, ca: Ca, broker: SpawnedBroker) {
    this.folder = folder;
    this.ca = ca;
    this.broker = broker;
  }

  static async start(callers: readonly string[] = ['rip.mcollective']): Promise<TestNetwork> {
    const folder = await createTempFolder({ prefix: 'troupe-cli' });
    const ca = await createCa({ commonName: 'Test CA' });
    await writeFile(folder.join('ca.pem'), ca.certificatePem);
    await issue(folder, ca, 'broker.lab', { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] });
    const broker = await spawnBroker(
      {
        listen: ['mqtts://127.0.0.1:0'],
        security: {
          ca: folder.join('ca.pem'),
          certificate: folder.join('broker.lab.pem'),
          key: folder.join('broker.lab.key'),
        },
        log: { level: 'error' },
      },
      { onLog: () => undefined },
    );
    const network = new TestNetwork(folder, ca, broker);
    for (const caller of callers) await network.addCaller(caller);
    return network;
  }

  /** A caller's certificate, and the configuration with which `mco` is that caller. */
  async addCaller(name: string): Promise<string> {
    await issue(this.folder, this.ca, name);
    const config = this.configOf(name);
    const ddls = this.folder.join('ddls');
    await mkdir(ddls, { recursive: true });
    const more = { connect_timeout: 20, ddl_dirs: [ddls] };
    await writeFile(config, JSON.stringify({ ...this.#common(name), ...more }));
    return config;
  }

  configOf(caller: string): string {
    return this.folder.join(`${caller}.client.yaml`);
  }

  /** Puts a DDL where the callers look for it, so that it need not be asked of the nodes. */
  async keepDdl(ddl: { readonly metadata: { readonly name: string } }): Promise<void> {
    await writeFile(this.folder.join('ddls', `${ddl.metadata.name}.json`), JSON.stringify(ddl));
  }

  /** Starts a daemon and waits until the broker has it. */
  async addNode(identity: string, options: NodeOptions = {}): Promise<void> {
    const {
      facts = {},
      classes = [],
      isPlain = false,
      agents = [],
      plugins = {},
      config: more = {},
    } = options;
    await issue(this.folder, this.ca, identity);
    await writeFile(this.folder.join(`${identity}.facts.json`), JSON.stringify(facts));
    await writeFile(this.folder.join(`${identity}.classes`), classes.map((name) => `${name}\n`).join(''));
    await mkdir(this.folder.join(identity));
    const config = {
      ...this.#common(identity),
      agents: isPlain ? agents : [labAgent, ...agents],
      plugins,
      facts: { paths: [this.folder.join(`${identity}.facts.json`)] },
      classes_file: this.folder.join(`${identity}.classes`),
      state_dir: this.folder.join(identity),
      authorization: { policies: writePolicies(this.folder.join('open'), ['*']) },
      ...more,
    };
    await writeFile(this.folder.join(`${identity}.yaml`), JSON.stringify(config));
    await this.startNode(identity);
  }

  async startNode(identity: string): Promise<void> {
    const daemon = startProcess(process.execPath, [mcod, '--config', this.folder.join(`${identity}.yaml`)]);
    this.#daemons.set(identity, daemon);
    await daemon.waitForLine('"connected to the broker"', { timeoutSeconds: 60 });
  }

  daemon(identity: string): RunningProcess {
    const daemon = this.#daemons.get(identity);
    if (!daemon) throw new RangeError(`there is no node ${identity}`);
    return daemon;
  }

  /** Runs the real executable to its end, with nothing on standard input by default; its JSON is as the reference says. */
  async mco(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const { stdout, stderr, exitCode } = await this.start(args, options);
    const { json, jsonl } = askedForJson(args);
    if (json || jsonl) checkJson(args, stdout);
    return { stdout, stderr, code: exitCode };
  }

  /** Starts the real executable. */
  start(args: readonly string[], { input = '', env = {}, caller = 'rip.mcollective' }: RunOptions = {}) {
    return execa(process.execPath, [mco, ...args], {
      input,
      reject: false,
      timeout: 60_000,
      extendEnv: false,
      env: { ...this.environment(caller), ...env },
    });
  }

  /** A whole environment: what a test runner sets for colours has no part in it. */
  environment(caller = 'rip.mcollective'): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.folder.path,
      TROUPE_CONFIG: this.configOf(caller),
      XDG_CACHE_HOME: this.folder.join('cache'),
      NO_COLOR: '1',
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop()));
    await this.broker.stop();
    await this.folder.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #common(name: string) {
    return {
      broker: { urls: [this.broker.url] },
      security: {
        ca: this.folder.join('ca.pem'),
        certificate: this.folder.join(`${name}.pem`),
        key: this.folder.join(`${name}.key`),
      },
    };
  }
}

async function issue(
  folder: TempFolder,
  ca: Ca,
  commonName: string,
  names: { dnsNames?: string[]; ipAddresses?: string[] } = {},
): Promise<void> {
  const { privateKeyPem, publicKeyPem } = await generateKeyPair(2048);
  await writeFile(folder.join(`${commonName}.key`), privateKeyPem, { mode: 0o600 });
  await writeFile(
    folder.join(`${commonName}.pem`),
    issueCertificate({ ca, commonName, publicKeyPem, ...names }),
  );
}
