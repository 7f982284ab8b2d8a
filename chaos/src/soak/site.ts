import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClientConfig, clientSchema } from '@troupe/client';
import { checkConfig } from '@troupe/core';
import { NameJournal } from '@troupe/provisioner';
import {
  createTestPki,
  type IssuedCertificate,
  type RunningProcess,
  startProcess,
  type TestBroker,
  type TestPki,
  testBrokers,
  waitFor,
  writePolicies,
} from '@troupe/testkit';

const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));
const mcprovision = fileURLToPath(
  new URL('../../../../packages/provisioner/bin/mcprovision.js', import.meta.url),
);
const honestMain = fileURLToPath(new URL('./honest-main.js', import.meta.url));

export const identity = 'web1.soak';
/** A node whose account and certificate are in the wrong hands. */
export const stolen = 'web2.soak';
export const honest = 'honest.mcollective';
/** A caller that the policy of the node allows nothing but discovery. */
export const low = 'low.mcollective';
const provisioner = 'provisioner.mcollective';

/** One of everything, each in a process of its own, and the certificates of those who attack it. */
export class SoakSite {
  readonly folder: string;
  readonly pki: TestPki;
  readonly broker: TestBroker;
  readonly certificates: ReadonlyMap<string, IssuedCertificate>;
  readonly processes = new Map<string, RunningProcess>();

  private constructor(
    folder: string,
    pki: TestPki,
    broker: TestBroker,
    certificates: ReadonlyMap<string, IssuedCertificate>,
  ) {
    this.folder = folder;
    this.pki = pki;
    this.broker = broker;
    this.certificates = certificates;
  }

  /** Starts broker, daemon, provisioner and an honest client, and waits until the client gets replies. */
  static async start(folder: string): Promise<SoakSite> {
    const pki = await createTestPki(join(folder, 'pki'));
    const names = [identity, stolen, honest, low, provisioner];
    const certificates = new Map<string, IssuedCertificate>();
    for (const name of names) certificates.set(name, await pki.issue(name));
    const callers = [honest, low, provisioner];
    const broker = await testBrokers.embedded.start({ pki, folder, callers, nodes: [identity, stolen] });
    const site = new SoakSite(folder, pki, broker, certificates);
    try {
      await site.#start();
      return site;
    } catch (error) {
      await site.stop();
      throw error;
    }
  }

  /** What of a configuration is the same for all that use a certificate. */
  #common(name: string) {
    const { broker, pki } = this;
    const security = { ca: pki.caCertificate, ...this.certificates.get(name) };
    return { broker: { urls: broker.callerUrls }, security };
  }

  clientConfig(name: string): ClientConfig {
    return checkConfig(this.#common(name), clientSchema, `the client of ${name}`);
  }

  async #start(): Promise<void> {
    mkdirSync(join(this.folder, 'logs'), { recursive: true });
    const daemon = {
      ...this.#common(identity),
      state_dir: join(this.folder, 'state'),
      facts: { paths: [] },
      authorization: { policies: writePolicies(this.folder, [honest, provisioner]) },
      audit: { file: join(this.folder, 'audit.jsonl'), keep: 2 },
      log: { level: 'warn' },
    };
    this.#run('daemon', [mcod, '--config', this.#write('mcod.yaml', daemon)]);
    const journal = join(this.folder, 'provisioner.journal');
    NameJournal.create(journal);
    const provisioning = {
      ...this.#common(provisioner),
      journal,
      sleeptime: 10,
    };
    this.#run('provisioner', [
      mcprovision,
      'run',
      '--foreground',
      '--config',
      this.#write('provisioner.yaml', provisioning),
    ]);
    const configFile = this.#write('honest.yaml', this.#common(honest));
    const reader = this.#run('client', [honestMain, configFile]);
    await reader.waitForLine(/"answered":[1-9]/, { timeoutSeconds: 60 });
    await waitFor('the provisioner', () => this.processes.get('provisioner')?.isRunning === true);
  }

  #run(name: string, words: readonly string[]): RunningProcess {
    const child = startProcess(process.execPath, words);
    const log = join(this.folder, 'logs', `${name}.log`);
    child.onLine((line) => appendFileSync(log, `${line}\n`));
    this.processes.set(name, child);
    return child;
  }

  #write(name: string, content: object): string {
    const file = join(this.folder, name);
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
    return file;
  }

  async stop(): Promise<void> {
    for (const child of this.processes.values()) await child.stop();
    await this.broker.stop();
  }
}
