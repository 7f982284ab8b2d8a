import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Client, clientSchema, connect } from '@troupe/client';
import { checkConfig } from '@troupe/core';
import {
  type IssuedCertificate,
  type RunningProcess,
  startProcess,
  type TempFolder,
  type TestBroker,
  type TestPki,
  waitFor,
  writePolicies,
} from '@troupe/testkit';

const mcod = createRequire(import.meta.url).resolve('@troupe/daemon/mcod');
const agent = fileURLToPath(new URL('./stage-agent.js', import.meta.url));

/** Certificates that every network of a test run shares: a key takes its time to be made. */
export interface Names {
  readonly pki: TestPki;
  readonly files: ReadonlyMap<string, IssuedCertificate>;
}

/** Daemons, each a process of its own, and clients over one broker. */
export class Stage implements AsyncDisposable {
  readonly broker: TestBroker;
  readonly daemons = new Map<string, RunningProcess>();
  readonly #names: Names;
  readonly #folder: TempFolder;
  readonly #prefix: string;
  readonly #clients: Client[] = [];

  constructor(options: { broker: TestBroker; names: Names; folder: TempFolder; prefix: string }) {
    this.broker = options.broker;
    this.#names = options.names;
    this.#folder = options.folder;
    this.#prefix = options.prefix;
  }

  /** A file or folder of this network. */
  path(name: string): string {
    return this.#folder.join(`${this.#prefix}-${name}`);
  }

  async startNode(name: string, urls = this.broker.nodeUrls): Promise<void> {
    const config = {
      ...this.#common(name, urls),
      state_dir: this.path(name),
      agents: [agent],
      facts: { paths: [this.path(`${name}.facts.json`)] },
      authorization: { policies: writePolicies(this.#folder.path, ['*']) },
    };
    await writeFile(this.path(`${name}.facts.json`), JSON.stringify({ name }));
    // JSON is YAML.
    await writeFile(this.path(`${name}.yaml`), JSON.stringify(config));
    this.daemons.set(name, startProcess(process.execPath, [mcod, '--config', this.path(`${name}.yaml`)]));
  }

  async connect(caller: string, urls = this.broker.callerUrls): Promise<Client> {
    const config = checkConfig(this.#common(caller, urls), clientSchema, 'the test');
    const client = await connect({ config });
    this.#clients.push(client);
    return client;
  }

  /** Resolves when nodes can be called: when they have answered, which needs no broker to remember who is online. */
  async answering(client: Client, names: readonly string[]): Promise<void> {
    await waitFor(
      `${names.join(' and ')} to answer`,
      async () => {
        const { nodes } = await client.discover();
        return names.every((name) => nodes.includes(name));
      },
      { timeoutSeconds: 60 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    await Promise.all([...this.daemons.values()].map((daemon) => daemon.stop({ signal: 'SIGKILL' })));
    await this.broker.stop();
  }

  #common(name: string, urls: readonly string[]) {
    return {
      broker: { urls },
      topics: { escape: this.broker.escape },
      security: { ca: this.#names.pki.caCertificate, ...this.#names.files.get(name) },
    };
  }
}
