import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  createTempFolder,
  createTestPki,
  type RunningProcess,
  startProcess,
  type TempFolder,
  type TestBroker,
  type TestBrokerKind,
  type TestPki,
  waitFor,
} from '@troupe/testkit';
import type { Build, Version } from './builds.js';
import { Mco } from './mco.js';

const compiledAgent = fileURLToPath(new URL('./mixed-agent.js', import.meta.url));

export const caller = 'rip.mcollective';

/** A node, and which version its daemon is. */
export interface NodeDescription {
  readonly build: Build;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly classes: readonly string[];
  /** Whether it has the agent `mixed`. */
  readonly hasAgent: boolean;
}

interface RunningNode extends NodeDescription {
  build: Build;
  daemon: RunningProcess;
  /** What earlier processes of it have printed. */
  printed: string;
}

/** A broker with certificates, daemons of two versions, and `mco` of both. */
export class MixedNetwork implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly pki: TestPki;
  readonly broker: TestBroker;
  readonly nodes = new Map<string, RunningNode>();

  private constructor(folder: TempFolder, pki: TestPki, broker: TestBroker) {
    this.folder = folder;
    this.pki = pki;
    this.broker = broker;
  }

  static async start(
    kind: TestBrokerKind,
    nodes: Readonly<Record<string, NodeDescription>>,
  ): Promise<MixedNetwork> {
    const folder = await createTempFolder({ prefix: 'troupe-mixed' });
    const pki = await createTestPki(folder.join('pki'));
    const names = Object.keys(nodes);
    const broker = await kind.start({ pki, folder: folder.path, callers: [caller], nodes: names });
    const network = new MixedNetwork(folder, pki, broker);
    try {
      await network.#prepare();
      for (const [name, node] of Object.entries(nodes)) await network.#addNode(name, node);
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  get clientConfig(): string {
    return this.folder.join('client.yaml');
  }

  /** `mco` of a version. Each has its own cache of DDLs, unless one is named. */
  mco(build: Build, cache: string = build.version): Mco {
    return new Mco(build, {
      PATH: process.env.PATH ?? '',
      HOME: this.folder.path,
      TROUPE_CONFIG: this.clientConfig,
      XDG_CACHE_HOME: this.folder.join(`cache-${cache}`),
      NO_COLOR: '1',
    });
  }

  node(name: string): RunningNode {
    const node = this.nodes.get(name);
    if (!node) throw new RangeError(`there is no node ${name}`);
    return node;
  }

  /** Starts the daemon of a node and resolves when it is connected. */
  async startDaemon(name: string): Promise<void> {
    const node = this.node(name);
    node.printed += node.daemon.output;
    node.daemon = this.#spawn(name, node.build);
    await connected(node.daemon);
  }

  /** Ends the daemon of a node and starts that of another version with its configuration and state. */
  async replaceDaemon(name: string, build: Build): Promise<void> {
    const node = this.node(name);
    await node.daemon.stop();
    node.build = build;
    await this.#configure(name, node);
    await this.startDaemon(name);
  }

  /** A word for the ledger of executions. */
  nonce(): string {
    return randomBytes(8).toString('hex');
  }

  /** The nodes on which actions with this word have run, one for each time. */
  async executions(nonce: string): Promise<readonly string[]> {
    const text = await readFile(this.folder.join('ledger'), 'utf8');
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${nonce} `))
      .map((line) => line.slice(nonce.length + 1))
      .sort();
  }

  /** Resolves when actions with this word have begun on all these nodes. */
  async executed(nonce: string, names: readonly string[]): Promise<void> {
    const isSo = async () => {
      const seen = await this.executions(nonce);
      return names.every((name) => seen.includes(name));
    };
    await waitFor(`${nonce} on ${names.join(' and ')}`, isSo, { timeoutSeconds: 30 });
  }

  /** Lets the actions `hold` with this word end. */
  async release(nonce: string): Promise<void> {
    await writeFile(this.folder.join(`release-${nonce}`), '');
  }

  auditOf(name: string): string {
    return this.folder.join(`${name}.audit.jsonl`);
  }

  /** The lines in the audit log of a node, oldest first. */
  async auditLines(name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const text = await readFile(this.auditOf(name), 'utf8');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** All that the daemons of a node have logged. */
  logOf(name: string): readonly Readonly<Record<string, unknown>>[] {
    const node = this.node(name);
    return `${node.printed}${node.daemon.output}`
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  /** The status that a daemon has written at its end, or before. */
  async statusOf(name: string): Promise<{ readonly counts: Readonly<Record<string, number>> }> {
    return JSON.parse(await readFile(`${this.folder.join(name)}/status.json`, 'utf8'));
  }

  /** Shuts down every daemon, as its operator would. */
  async stopDaemons(): Promise<void> {
    await Promise.all([...this.nodes.values()].map(({ daemon }) => daemon.stop()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.values()].map(({ daemon }) => daemon.stop({ signal: 'SIGKILL' })));
    await this.broker.stop();
    await this.folder.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #prepare(): Promise<void> {
    await writeFile(this.folder.join('ledger'), '');
    const allow = 'policy default deny\nallow\trip.mcollective\t*\t*\t*\n';
    for (const hasAgent of [true, false]) {
      const policies = this.#policiesFor({ hasAgent });
      await mkdir(policies);
      for (const name of ['default', 'discovery']) await writeFile(`${policies}/${name}.policy`, allow);
      if (hasAgent) await writeFile(`${policies}/mixed.policy`, `deny\t*\tforbidden\t*\t*\n${allow}`);
    }
    await this.#issue(caller);
    const config = { ...this.#common(caller, this.broker.callerUrls), connect_timeout: 20 };
    await writeFile(this.clientConfig, JSON.stringify(config));
  }

  async #addNode(name: string, node: NodeDescription): Promise<void> {
    await this.#issue(name);
    await mkdir(this.folder.join(name));
    await writeFile(this.folder.join(`${name}.facts.json`), JSON.stringify(node.facts));
    await writeFile(this.folder.join(`${name}.classes`), node.classes.map((one) => `${one}\n`).join(''));
    await this.#configure(name, node);
    const daemon = this.#spawn(name, node.build);
    this.nodes.set(name, { ...node, daemon, printed: '' });
    await connected(daemon);
  }

  async #configure(name: string, node: NodeDescription): Promise<void> {
    const config = {
      ...this.#common(name, this.broker.nodeUrls),
      agents: node.hasAgent ? [await this.#agentFor(node.build)] : [],
      plugins: { mixed: { folder: this.folder.path } },
      facts: { paths: [this.folder.join(`${name}.facts.json`)] },
      classes_file: this.folder.join(`${name}.classes`),
      state_dir: this.folder.join(name),
      authorization: { policies: this.#policiesFor(node) },
      audit: { file: this.auditOf(name) },
    };
    await writeFile(this.#configOf(name), JSON.stringify(config));
  }

  #spawn(name: string, build: Build): RunningProcess {
    return startProcess(process.execPath, [build.mcod, '--config', this.#configOf(name)]);
  }

  // A policy for an agent that a node does not have is a warning in its log.
  #policiesFor({ hasAgent }: Pick<NodeDescription, 'hasAgent'>): string {
    return this.folder.join(hasAgent ? 'policies' : 'policies-without-agent');
  }

  #configOf(name: string): string {
    return this.folder.join(`${name}.yaml`);
  }

  readonly #agents = new Map<Version, string>();

  // A copy, so that its import of core is the core of its daemon.
  async #agentFor(build: Build): Promise<string> {
    const made = this.#agents.get(build.version);
    if (made !== undefined) return made;
    const home = this.folder.join(`agent-${build.version}`);
    await mkdir(`${home}/node_modules/@troupe`, { recursive: true });
    await symlink(build.package('core'), `${home}/node_modules/@troupe/core`);
    await writeFile(`${home}/package.json`, '{"type":"module"}');
    cpSync(compiledAgent, `${home}/mixed-agent.js`);
    this.#agents.set(build.version, `${home}/mixed-agent.js`);
    return `${home}/mixed-agent.js`;
  }

  async #issue(name: string): Promise<void> {
    await this.pki.issue(name);
  }

  #common(name: string, urls: readonly string[]) {
    return {
      broker: { urls },
      topics: { escape: this.broker.escape },
      security: {
        ca: this.pki.caCertificate,
        certificate: this.folder.join(`pki/${name}.pem`),
        key: this.folder.join(`pki/${name}-key.pem`),
      },
    };
  }
}

async function connected(daemon: RunningProcess): Promise<void> {
  await daemon.waitForLine('"connected to the broker"', { timeoutSeconds: 60 });
}
