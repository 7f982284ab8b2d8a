import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { searchPath } from '../processes/installed.js';
import { type RunningProcess, startProcess } from '../processes/process.js';
import { createTempFolder } from '../temp-folder.js';
import { type Entry, execOn, spawnOn } from './command.js';
import type { CommandOptions, CommandResult, ExecOptions, Host, HostOptions } from './host.js';
import { namespaceInit } from './namespace-init.js';
import type { Network } from './network.js';

export interface NamespaceHostOptions extends HostOptions {
  network: Network;
  /** Folders of this machine that the host sees and may change, beside this checkout and the temporary files. */
  shares?: readonly string[];
}

const checkout = fileURLToPath(new URL('../../../../../', import.meta.url));

/**
 * A host in Linux namespaces: its own address, host name, processes, `/etc`, `/var` and `/run`; the rest is the
 * machine's. What it changes in its own is kept in memory. Needs root.
 */
export class NamespaceHost implements Host {
  readonly identity: string;
  readonly address: string;
  readonly prefix: readonly string[];
  readonly #init: RunningProcess;
  readonly #entry: Entry;
  #leave = () => {};

  private constructor(identity: string, address: string, init: RunningProcess) {
    this.identity = identity;
    this.address = address;
    this.prefix = enter(init.pid);
    this.#entry = {
      identity,
      prefix: this.prefix,
      // Temporary files go where they vanish with the host.
      env: { PATH: searchPath, HOME: '/root', LANG: 'C.UTF-8', TMPDIR: '/run/tmp' },
      cwd: '/',
    };
    this.#init = init;
  }

  /** Boots a host on a network. */
  static async create(options: NamespaceHostOptions): Promise<NamespaceHost> {
    const { identity, network } = options;
    const folders = [checkout, tmpdir(), ...(options.shares ?? [])];
    const shares = [...new Set(await Promise.all(folders.map((folder) => realpath(folder))))].filter(
      isHidden,
    );
    // Only a place to mount on: it may go when the host is up, for the overlays hold on to what they need of it.
    await using stage = await createTempFolder({ prefix: 'troupe-host' });
    const sh = ['sh', '-c', namespaceInit, 'sh', stage.path, shortName(identity), ...shares];
    const init = startProcess('unshare', [...unshare, '--', ...sh]);
    try {
      await init.waitForLine('ready');
      const host = new NamespaceHost(identity, await network.plugIn(init.pid), init);
      await host.#personalise(options);
      host.#leave = network.adopt(host);
      return host;
    } catch (error) {
      await init.stop({ signal: 'SIGKILL' });
      throw error;
    }
  }

  exec(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<CommandResult> {
    return execOn(this.#entry, command, args, options);
  }

  spawn(command: string, args: readonly string[] = [], options: CommandOptions = {}): RunningProcess {
    return spawnOn(this.#entry, command, args, options);
  }

  /** Good while the host runs. A symbolic link in it that begins at the root leads to the machine's own file. */
  file(path: string): string {
    return join(`/proc/${this.#init.pid}/root`, path);
  }

  pathOnHost(path: string): string {
    return join('/', path);
  }

  async close(): Promise<void> {
    // The first process of a pid namespace takes all others with it.
    await this.#init.stop({ signal: 'SIGKILL' });
    this.#leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #personalise({ facts = {}, keyLength = 2048 }: NamespaceHostOptions): Promise<void> {
    const { identity, address } = this;
    const name = shortName(identity);
    const domain = identity.slice(name.length + 1);
    const names = [...new Set([identity, name])].join(' ');
    const resolution = await readFile('/etc/nsswitch.conf', 'utf8').catch(() => '');
    await this.#replace('/etc/nsswitch.conf', `${resolution.replace(/^hosts:.*\n/m, '')}hosts: files\n`);
    await this.#replace('/etc/resolv.conf', domain ? `search ${domain}\n` : '');
    await this.#replace('/etc/hostname', `${name}\n`);
    await this.#replace('/etc/hosts', `127.0.0.1 localhost\n${address} ${names}\n`);
    await this.#replace('/etc/facter/facts.d/troupe.json', JSON.stringify({ ...facts, troupe_root: '' }));
    const settings = ['[main]', `certname = ${identity}`, `keylength = ${keyLength}`, 'color = false'];
    await this.#replace('/etc/puppet/puppet.conf', `${settings.join('\n')}\n`);
  }

  async #replace(path: string, content: string): Promise<void> {
    const file = this.file(path);
    await mkdir(dirname(file), { recursive: true });
    // It may be a link out of the host's own folders.
    await rm(file, { force: true });
    await writeFile(file, content);
  }
}

const unshare = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--mount-proc', '--kill-child'];

function enter(pid: number): string[] {
  const here = [`--target=${pid}`, '--net', '--mount', '--uts', '--ipc'];
  // The unshare which that is stays outside of the pid namespace that it made.
  return ['nsenter', ...here, `--pid=/proc/${pid}/ns/pid_for_children`, '--'];
}

const shortName = (identity: string): string => identity.split('.')[0] ?? identity;

/** Whether a host's own folders cover that one of the machine. */
const isHidden = (folder: string): boolean => /^\/(etc|var|run)(\/|$)/.test(folder);
