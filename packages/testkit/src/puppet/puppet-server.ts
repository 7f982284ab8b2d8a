import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { execa } from 'execa';
import { type RunningProcess, startProcess } from '../process.js';
import { signalTarget } from '../process-tree.js';
import { waitFor } from '../wait-for.js';
import { installCode, type PuppetCode } from './environments.js';
import { asServerUser, puppetServerMissing, serverJar, serverUser } from './installation.js';
import { jvmArguments } from './jvm.js';
import { writeServerConfig } from './server-config.js';
import { type ServerLayout, serverLayout } from './server-layout.js';

export interface PuppetServerOptions {
  /** What people call it. */
  name: string;
  /** A folder of its own, which may be new; where root starts the server, every user must be able to reach it. */
  folder: string;
  /** The address it listens on. Two servers share a port only on two addresses. */
  address: string;
  /** 8140 unless told: nodes cannot be told another one with a line in /etc/hosts. */
  port?: number;
  certname: string;
  /** Names in its certificate beside its own; `puppet` unless told. */
  dnsAltNames?: readonly string[];
  code: PuppetCode;
  /** Bits of all RSA keys that it makes: 2048 unless told, for speed; Puppet's own default is 4096. */
  keyLength?: number;
  /** Words put before the command that starts the JVM, such as the `networkPrefix` of a host. */
  exec?: readonly string[];
  /** What `aotJar()` returned, or its promise: configuration and CA are made while it compiles. */
  aotJar?: string | undefined | Promise<string | undefined>;
  /** Seconds to become ready; 300 unless told. */
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

/** A real Puppet Server with a CA of its own, in private folders, without systemd. */
export class PuppetServer implements AsyncDisposable {
  readonly name: string;
  readonly certname: string;
  readonly address: string;
  readonly port: number;
  /** The JVM's. */
  readonly pid: number;
  readonly layout: ServerLayout;
  readonly #process: RunningProcess;

  private constructor(options: PuppetServerOptions, layout: ServerLayout, process: RunningProcess) {
    this.name = options.name;
    this.certname = options.certname;
    this.address = options.address;
    this.port = options.port ?? 8140;
    this.layout = layout;
    this.pid = signalTarget(process.pid);
    this.#process = process;
  }

  /** Makes the CA and starts the server; resolves when it answers. */
  static async start(options: PuppetServerOptions): Promise<PuppetServer> {
    const missing = puppetServerMissing();
    if (missing) throw new Error(`Puppet Server ${options.name} cannot start: ${missing}`);
    const layout = serverLayout(options.folder, options.certname);
    await prepare(options, layout);
    const jar = await options.aotJar;
    if (jar) await copyFile(jar, layout.aotJar);
    options.signal?.throwIfAborted();
    const process = launch(options, layout);
    try {
      await ready(options, layout, process);
    } catch (error) {
      await process.stop({ signal: 'SIGKILL' });
      throw error;
    }
    return new PuppetServer(options, layout, process);
  }

  get url(): string {
    return `https://${isIPv6(this.address) ? `[${this.address}]` : this.address}:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  /** The log since the start. */
  log(): Promise<string> {
    return readFile(this.layout.logFile, 'utf8');
  }

  /** Adds to its code or replaces parts of it; the next catalog is made of that. */
  async installCode(code: PuppetCode): Promise<void> {
    await installCode(this.layout.environments, code);
    await handOver(this.layout.codedir);
  }

  /** Ends the JVM: politely, after 30 s by force. The folder stays, so that its CA can be looked at. */
  async stop(): Promise<void> {
    await this.#process.stop({ timeoutSeconds: 30 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function prepare(options: PuppetServerOptions, layout: ServerLayout): Promise<void> {
  const { name, address, certname, folder } = options;
  await mkdir(folder, { recursive: true });
  await writeServerConfig(layout, {
    ...{ name, address, certname },
    port: options.port ?? 8140,
    dnsAltNames: options.dnsAltNames ?? ['puppet'],
    keyLength: options.keyLength ?? 2048,
  });
  await installCode(layout.environments, options.code);
  await writeFile(layout.restartFile, '0');
  await handOver(folder);
  await checkReachable(folder);
  const [file = '', ...args] = asServerUser(folder);
  const setup = [...args, 'puppetserver', 'ca', 'setup', '--config', layout.puppetConf];
  await execa(file, setup, options.signal ? { cancelSignal: options.signal } : {});
}

/** Gives what root made to the server's user. */
async function handOver(folder: string): Promise<void> {
  const user = serverUser();
  if (user) await execa('chown', ['--recursive', `${user}:${user}`, folder]);
  await execa('chmod', ['--recursive', 'u+rwX', folder]);
}

async function checkReachable(folder: string): Promise<void> {
  const [file = '', ...args] = asServerUser(folder);
  const { exitCode } = await execa(file, [...args, 'test', '-x', folder], { reject: false });
  if (exitCode === 0) return;
  const user = serverUser() ?? 'the current user';
  throw new Error(
    `${user} cannot reach ${folder}: give a folder below folders that everybody may enter (mode 0711)`,
  );
}

function launch(options: PuppetServerOptions, layout: ServerLayout): RunningProcess {
  const java = [
    ...jvmArguments({ heapMegabytes: 384, tempFolder: layout.rundir }),
    ...['-cp', `${layout.aotJar}:${serverJar}`, 'puppetlabs.trapperkeeper.main'],
    ...['--config', layout.servicesConfig, '--bootstrap-config', layout.bootstrapConfig],
    ...['--restart-file', layout.restartFile],
  ];
  return startProcess('java', java, {
    prefix: [...(options.exec ?? []), ...asServerUser(options.folder)],
    cwd: options.folder,
  });
}

async function ready(
  options: PuppetServerOptions,
  layout: ServerLayout,
  process: RunningProcess,
): Promise<void> {
  const { name, timeoutSeconds = 300, signal } = options;
  const isReady = async () =>
    !process.isRunning || (await readFile(layout.restartFile, 'utf8')).startsWith('1');
  try {
    await waitFor(`Puppet Server ${name}`, isReady, {
      ...(signal ? { signal } : {}),
      timeoutSeconds,
      intervalMs: 100,
    });
    if (!process.isRunning) throw new Error(`Puppet Server ${name} ended before it was ready`);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const end = faults(`${process.output}${await readFile(layout.logFile, 'utf8').catch(() => '')}`);
    throw new Error(`${cause instanceof Error ? cause.message : cause}; its log says:\n${end}`, {
      cause,
    });
  }
}

/** What a log says from its first error on, without stacks; its end where there is none. */
function faults(log: string): string {
  const lines = log.split('\n').filter((line) => !/^\s+at /.test(line));
  const first = lines.findIndex((line) => / ERROR /.test(line));
  return (first < 0 ? lines.slice(-20) : lines.slice(first, first + 20)).join('\n');
}
