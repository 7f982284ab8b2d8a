import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuiltinCa, type BuiltinServer, startBuiltinServer } from '@troupe/agent-puppetca/ca';
import { silentLogger } from '@troupe/core';
import { Broken } from './broken.js';
import { standInPuppet } from './stand-in-puppet.js';

/** What the next runs of the stand-in for Puppet do; see `stand-in-puppet.ts`. */
export type Behaviour = Readonly<Partial<Record<'wait' | 'ran' | 'status' | 'exit' | 'report', string>>>;

/** The name of the host under test. */
const certname = 'node1.example.net';
const address = '127.0.0.1';

/** A folder, a CA and a Puppet in which an agent can act without changing this machine. */
export class Sandbox {
  readonly folder: string;
  readonly certname = certname;
  readonly address = address;
  readonly ca: BuiltinCa;
  /** SHA-256 of the bundle of the CA. */
  readonly caFingerprint: string;
  readonly #server: BuiltinServer;

  private constructor(folder: string, ca: BuiltinCa, caFingerprint: string, server: BuiltinServer) {
    this.folder = folder;
    this.ca = ca;
    this.caFingerprint = caFingerprint;
    this.#server = server;
  }

  /** Makes one; `parent` is the folder in which it is. */
  static async create(parent = tmpdir()): Promise<Sandbox> {
    const folder = await mkdtemp(join(parent, 'troupe-conformance-'));
    const ca = await BuiltinCa.open({ cadir: join(folder, 'ca'), certname: 'puppet.example.net' });
    const server = await startBuiltinServer({ ca, address, port: 0, altNames: [address], log: silentLogger });
    const digest = createHash('sha256')
      .update(await ca.caCertificate())
      .digest('hex');
    const sandbox = new Sandbox(folder, ca, digest, server);
    await sandbox.reset();
    return sandbox;
  }

  /** What texts in the section of the agent can contain. */
  get placeholders(): Readonly<Record<string, string | number>> {
    return { folder: this.host, puppet: join(this.host, 'puppet'), ca_port: this.#server.port, certname };
  }

  /** The folder of the host under test. */
  get host(): string {
    return join(this.folder, 'host');
  }

  /** Makes the host, the CA and Puppet as they were at first. */
  async reset(): Promise<void> {
    await this.cleanCa();
    await rm(this.host, { recursive: true, force: true, maxRetries: 10 });
    await mkdir(this.host, { recursive: true, mode: 0o700 });
    await writeFile(join(this.host, 'hosts'), hostsFile);
    await writeFile(join(this.host, 'puppet'), standInPuppet(certname));
    await chmod(join(this.host, 'puppet'), 0o755);
  }

  /** Removes what the CA has of the host. */
  async cleanCa(): Promise<void> {
    await this.ca.clean(await this.ca.status(certname));
  }

  async close(): Promise<void> {
    await this.#server.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Sets what the next runs of Puppet do. */
  async behave(behaviour: Behaviour): Promise<void> {
    const lines = Object.entries(behaviour).map(([name, value]) => `${name}='${value}'\n`);
    await writeFile(join(this.host, 'behaviour'), lines.join(''));
  }

  /** Lets runs end that wait for the file `go`. */
  async letGo(): Promise<void> {
    await writeFile(join(this.host, 'go'), '');
  }

  /** The arguments of each run of Puppet so far. */
  async runs(): Promise<readonly string[]> {
    const text = await readFile(join(this.host, 'calls'), 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1);
  }

  /** Waits until a run of Puppet has begun. */
  async runBegins(count: number): Promise<void> {
    const deadline = Date.now() + 30_000;
    while ((await this.runs()).length < count) {
      if (Date.now() > deadline) throw new Broken(`no run of Puppet began within 30 s: {puppet} was not run`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Lines that must stay as they are. */
export const hostsFile = '127.0.0.1\tlocalhost\n192.0.2.9\tpuppetdb.example.net # not puppet\n';
