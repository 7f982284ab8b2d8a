import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess } from '@troupe/testkit';

const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));
const agent = fileURLToPath(import.meta.resolve('@troupe/agent-notify'));

/** A notifier: a daemon in a process of its own, with its state in `folder`. */
export class Notifier {
  readonly identity: string;
  readonly #file: string;
  readonly #prefix: readonly string[];
  #process: RunningProcess | undefined;

  private constructor(identity: string, file: string, prefix: readonly string[]) {
    this.identity = identity;
    this.#file = file;
    this.#prefix = prefix;
  }

  static async start(options: {
    readonly identity: string;
    readonly folder: string;
    readonly broker: string;
    readonly notify: Readonly<Record<string, unknown>>;
    /** Words put before the command. */
    readonly prefix?: readonly string[];
  }): Promise<Notifier> {
    const { identity, folder, broker, notify, prefix = [] } = options;
    const file = `${folder}/${identity}.yaml`;
    const security = { mode: 'none' };
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({
        identity,
        broker: { urls: [broker] },
        security,
        state_dir: `${folder}/${identity}`,
        agents: [agent],
        plugins: { notify },
      }),
    );
    const notifier = new Notifier(identity, file, prefix);
    await notifier.start();
    return notifier;
  }

  get output(): string {
    return this.#process?.output ?? '';
  }

  async start(): Promise<void> {
    this.#process = startProcess(process.execPath, [mcod, '--config', this.#file], {
      prefix: this.#prefix,
    });
    await this.#process.waitForLine('connected to the broker', { timeoutSeconds: 60 });
  }

  /** As a power cut would, but for the disk's own cache. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.exited;
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }
}
