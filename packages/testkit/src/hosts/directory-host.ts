import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { searchPath, whereIs } from '../processes/installed.js';
import { onExit } from '../processes/on-exit.js';
import type { RunningProcess } from '../processes/process.js';
import { processesNaming, sendSignal } from '../processes/process-tree.js';
import { createTempFolder, type TempFolder } from '../temp-folder.js';
import { waitFor } from '../wait-for.js';
import { type Entry, execOn, spawnOn } from './command.js';
import type { CommandOptions, CommandResult, ExecOptions, Host, HostOptions } from './host.js';

export interface DirectoryHostOptions extends HostOptions {
  /** An address of this machine on which nothing else of the network listens; 127.0.0.1 unless told. */
  address?: string;
  /** The port of its Puppet Server; 8140 unless told. */
  puppetPort?: number;
}

/**
 * A host that is a folder: needs no privileges. Its `puppet` command reads and writes only there, and looks names up
 * in the folder's `/etc/hosts` first; everything else is the machine's.
 */
export class DirectoryHost implements Host {
  readonly identity: string;
  readonly address: string;
  readonly prefix: readonly string[] = [];
  readonly #folder: TempFolder;
  readonly #entry: Entry;
  readonly #forget: () => void;

  private constructor(options: DirectoryHostOptions, folder: TempFolder) {
    this.identity = options.identity;
    this.address = options.address ?? '127.0.0.1';
    this.#folder = folder;
    this.#entry = {
      identity: this.identity,
      prefix: [],
      env: environment(options, folder),
      cwd: folder.path,
    };
    this.#forget = onExit(() => this.#killAll());
  }

  /** Makes the folder tree. */
  static async create(options: DirectoryHostOptions): Promise<DirectoryHost> {
    const folder = await createTempFolder({ prefix: 'troupe-host' });
    const host = new DirectoryHost(options, folder);
    try {
      await host.#furnish(options);
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  exec(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<CommandResult> {
    return execOn(this.#entry, command, args, options);
  }

  spawn(command: string, args: readonly string[] = [], options: CommandOptions = {}): RunningProcess {
    return spawnOn(this.#entry, command, args, options);
  }

  file(path: string): string {
    return this.#folder.join(path);
  }

  pathOnHost(path: string): string {
    return this.#folder.join(path);
  }

  async close(): Promise<void> {
    await waitFor(`all processes of ${this.identity} to end`, () => this.#killAll() === 0);
    this.#forget();
    await this.#folder.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Kills also what left the group of the process that started it, as a Puppet run does. */
  #killAll(): number {
    return processesNaming(this.#folder.path).filter((pid) => sendSignal(pid, 'SIGKILL')).length;
  }

  async #furnish({ identity, puppetPort = 8140, keyLength = 2048 }: DirectoryHostOptions): Promise<void> {
    const relocated = Object.entries(puppetFolders).map(
      ([setting, path]) => `${setting} = ${this.file(path)}`,
    );
    const settings = [`certname = ${identity}`, `keylength = ${keyLength}`, 'color = false', ...relocated];
    const ports = [`serverport = ${puppetPort}`, `ca_port = ${puppetPort}`];
    await this.#write('/etc/puppet/puppet.conf', ['[main]', ...settings, ...ports]);
    await this.#write('/etc/hosts', ['127.0.0.1 localhost', `${this.address} ${identity}`]);
    await this.#write('/lib/hosts.rb', hostsFileFirst(this.file('/etc/hosts')));
    const options = `--confdir '${this.file('/etc/puppet')}'`;
    await this.#write('/bin/puppet', puppetCommand(options, this.file('/lib/hosts.rb')));
    await chmod(this.file('/bin/puppet'), 0o755);
    for (const path of [...Object.values(puppetFolders), '/tmp'])
      await mkdir(this.file(path), { recursive: true });
  }

  async #write(path: string, lines: readonly string[]): Promise<void> {
    await mkdir(dirname(this.file(path)), { recursive: true });
    await writeFile(this.file(path), `${lines.join('\n')}\n`);
  }
}

/** Debian's Puppet has an absolute default for each: --confdir and --vardir alone move only part of them. */
const puppetFolders = {
  confdir: '/etc/puppet',
  codedir: '/etc/puppet/code',
  vardir: '/var/cache/puppet',
  ssldir: '/var/lib/puppet/ssl',
  publicdir: '/var/cache/puppet/public',
  logdir: '/var/log/puppet',
  rundir: '/run/puppet',
};

function environment({ facts = {} }: DirectoryHostOptions, folder: TempFolder): Record<string, string> {
  return {
    PATH: `${folder.join('bin')}:${searchPath}`,
    HOME: folder.path,
    LANG: 'C.UTF-8',
    TMPDIR: folder.join('tmp'),
    ...Object.fromEntries(
      Object.entries({ ...facts, troupe_root: folder.path }).map(([name, value]) => [
        `FACTER_${name}`,
        value,
      ]),
    ),
  };
}

function puppetCommand(options: string, library: string): string[] {
  return [
    '#!/bin/sh',
    `export RUBYOPT='-r${library}'`,
    `case \${1:--} in -*) exec ${whereIs('puppet') ?? 'puppet'} "$@" ;; esac`,
    'subcommand=$1',
    'shift',
    `exec ${whereIs('puppet') ?? 'puppet'} "$subcommand" ${options} "$@"`,
  ];
}

/**
 * A Ruby library that looks names up in `hosts` first, on both ways that Ruby has: resolv-replace covers TCPSocket and
 * its kin, and whatever begins at an Addrinfo, as Socket.tcp does, gets there through Addrinfo.getaddrinfo. (NSS wrapper
 * was tried: it loses its file in the children of Puppet, which close all descriptors.)
 */
function hostsFileFirst(hosts: string): string[] {
  return [
    "require 'socket'",
    "require 'resolv-replace'",
    `hosts = Resolv::Hosts.new('${hosts}')`,
    'Resolv::DefaultResolver.replace_resolvers([hosts, Resolv::Hosts.new, Resolv::DNS.new])',
    'Addrinfo.singleton_class.prepend(Module.new do',
    '  define_method(:getaddrinfo) do |name, *rest, **options|',
    '    address = begin; hosts.getaddress(name) if name; rescue Resolv::ResolvError; end',
    '    super(address || name, *rest, **options)',
    '  end',
    'end)',
  ];
}
