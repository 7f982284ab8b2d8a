import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Puppet } from '@troupe/agent-puppetd/puppet';
import { type Context, type DataLookup, type Host, silentLogger } from '@troupe/core';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { whereIs } from './where-is.js';

const fakePuppet = fileURLToPath(new URL('../../test/fixtures/puppet', import.meta.url));

/** A host with a fake Puppet and all files in a temporary folder. */
export class FakeNode implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly host: Host;
  readonly data = new Map<string, DataLookup>();
  reloads = 0;
  /** What the agent said last of whether it has to stay. */
  stays: boolean | undefined;

  private constructor(folder: TempFolder) {
    this.folder = folder;
    this.host = {
      identity: 'node1.example.net',
      log: silentLogger,
      stateDir: folder.join('state'),
      facts: () => ({}),
      classes: () => [],
      provideData: (name, lookup) => this.data.set(name, lookup),
      onClose: () => {},
      stay: (isNeeded) => {
        this.stays = isNeeded;
      },
      reload: () => {
        this.reloads += 1;
      },
    };
  }

  static async create(): Promise<FakeNode> {
    const folder = await createTempFolder();
    await mkdir(folder.join('state'));
    await mkdir(folder.join('puppet'));
    await writeFile(folder.join('hosts'), '127.0.0.1 localhost\n');
    return new FakeNode(folder);
  }

  /** The agent's section of the configuration. */
  section(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { puppet: this.#puppetSection, hosts_file: this.folder.join('hosts'), key_bits: 2048, ...more };
  }

  puppet(): Puppet {
    return new Puppet(this.#puppetSection, this.host.stateDir);
  }

  /** What the next Puppet does: see `fixtures/puppet`. */
  async behave(behaviour: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(behaviour).map(([name, value]) => `${name}='${value}'\n`);
    await writeFile(this.folder.join('puppet', 'behaviour'), lines.join(''));
  }

  /** The arguments of each `puppet agent` so far. */
  async calls(): Promise<string[]> {
    const text = await readFile(this.folder.join('puppet', 'calls'), 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1);
  }

  /** Waits until a run of Puppet is under way. */
  async running(): Promise<void> {
    await waitFor('the run of Puppet', () => readFile(this.folder.join('puppet', 'started'), 'utf8'));
  }

  get #puppetSection(): Record<string, unknown> {
    const env = { FAKE_DIR: this.folder.join('puppet'), FAKE_SLEEP: whereIs('sleep') };
    return { command: [fakePuppet], env };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.folder.close();
  }
}

/** The context of a call; `output` gets what the action reports on its way. */
export function fakeContext(more: Partial<Context> & { output?: string[] } = {}): Context {
  const { output, ...rest } = more;
  return {
    caller: 'rip.mcollective',
    requestId: 'r1',
    requestedAt: 0,
    ttlSeconds: 60,
    identity: 'node1.example.net',
    collective: 'provisioning',
    log: silentLogger,
    signal: new AbortController().signal,
    timeoutSeconds: 60,
    progress: (data) => output?.push(String(data)),
    statusmsg: () => {},
    ...rest,
  };
}
