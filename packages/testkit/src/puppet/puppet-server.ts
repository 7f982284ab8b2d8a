import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { type RunningProcess, startProcess } from '../processes/process.js';
import { signalTarget } from '../processes/process-tree.js';
import { waitFor } from '../wait-for.js';
import { installCode, type PuppetCode } from './environments.js';
import { asServerUser, puppetServerMissing, serverJar } from './installation.js';
import { jvmArguments } from './jvm.js';
import { defaultPort, type PuppetServerOptions } from './puppet-server-options.js';
import { type ServerPaths, serverPaths } from './server-paths.js';
import { handOver, prepareServer } from './server-setup.js';

/** A real Puppet Server with a CA of its own, in private folders, without systemd. */
export class PuppetServer implements AsyncDisposable {
  readonly name: string;
  readonly certname: string;
  readonly address: string;
  readonly port: number;
  readonly paths: ServerPaths;
  readonly #options: PuppetServerOptions;
  #process: RunningProcess;

  private constructor(options: PuppetServerOptions, paths: ServerPaths, process: RunningProcess) {
    this.name = options.name;
    this.certname = options.certname;
    this.address = options.address;
    this.port = options.port ?? defaultPort;
    this.paths = paths;
    this.#options = options;
    this.#process = process;
  }

  /** The process of the JVM. */
  get pid(): number {
    return signalTarget(this.#process.pid);
  }

  /** Makes the CA and starts the server; resolves when it answers. */
  static async start(options: PuppetServerOptions): Promise<PuppetServer> {
    const missing = puppetServerMissing();
    if (missing) throw new Error(`cannot start Puppet Server ${options.name}: ${missing}`);
    const paths = serverPaths(options.folder, options.certname);
    await prepareServer(options, paths);
    const jar = await options.aotJar;
    if (jar) await copyFile(jar, paths.aotJar);
    options.signal?.throwIfAborted();
    return new PuppetServer(options, paths, await launched(options, paths));
  }

  /** Starts it again after {@link stop}, with the same CA and code; resolves when it answers. */
  async startAgain(): Promise<void> {
    await writeFile(this.paths.restartFile, '0');
    this.#process = await launched(this.#options, this.paths);
  }

  get url(): string {
    return `https://${this.address}:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  /** The log since the start. */
  log(): Promise<string> {
    return readFile(this.paths.logFile, 'utf8');
  }

  /** Adds to its code or replaces parts of it; the next catalog is made of that. */
  async installCode(code: PuppetCode): Promise<void> {
    await installCode(this.paths.environments, code);
    await handOver(this.paths.codedir);
  }

  /** Ends the JVM: politely, after 30 s by force. The folder stays, so that its CA can be looked at. */
  async stop(): Promise<void> {
    await this.#process.stop({ timeoutSeconds: 30 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function launched(options: PuppetServerOptions, paths: ServerPaths): Promise<RunningProcess> {
  const process = launch(options, paths);
  try {
    await ready(options, paths, process);
    return process;
  } catch (error) {
    await process.stop({ signal: 'SIGKILL' });
    throw error;
  }
}

function launch(options: PuppetServerOptions, paths: ServerPaths): RunningProcess {
  const java = [
    ...jvmArguments({ heapMegabytes: 384, tempFolder: paths.rundir }),
    ...['-cp', `${paths.aotJar}:${serverJar}`, 'puppetlabs.trapperkeeper.main'],
    ...['--config', paths.servicesConfig, '--bootstrap-config', paths.bootstrapConfig],
    ...['--restart-file', paths.restartFile],
  ];
  return startProcess('java', java, {
    prefix: [...(options.exec ?? []), ...asServerUser(options.folder)],
    cwd: options.folder,
  });
}

async function ready(
  options: PuppetServerOptions,
  paths: ServerPaths,
  process: RunningProcess,
): Promise<void> {
  const { name, timeoutSeconds = 300, signal } = options;
  const isReady = async () =>
    !process.isRunning || (await readFile(paths.restartFile, 'utf8')).startsWith('1');
  try {
    await waitFor(`Puppet Server ${name}`, isReady, {
      ...(signal ? { signal } : {}),
      timeoutSeconds,
      intervalMs: 100,
    });
    if (!process.isRunning) throw new Error(`Puppet Server ${name} exited before it was ready`);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const end = faults(`${process.output}${await readFile(paths.logFile, 'utf8').catch(() => '')}`);
    throw new Error(`${cause instanceof Error ? cause.message : cause}; end of its log:\n${end}`, {
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
