import { appendFileSync } from 'node:fs';
import { type RunningProcess, startProcess } from '@troupe/testkit';

/** A process that is killed, paused and started again as often as asked; its output goes to a file. */
export class Actor {
  readonly name: string;
  readonly #words: readonly string[];
  readonly #log: string;
  readonly #ready: RegExp | undefined;
  #process: RunningProcess | undefined;
  /** Why it is to be down now; more than one fault may want it. */
  readonly #down = new Set<object>();
  readonly #paused = new Set<object>();
  /** How often it ended although nobody killed it. */
  crashes = 0;
  #isOver = false;

  constructor(options: { name: string; words: readonly string[]; log: string; ready?: RegExp }) {
    this.name = options.name;
    this.#words = options.words;
    this.#log = options.log;
    this.#ready = options.ready;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning === true;
  }

  /** Starts it, and waits for the line that tells that it is ready. */
  async start(): Promise<void> {
    const child = this.#spawn();
    if (this.#ready) await child.waitForLine(this.#ready, { timeoutSeconds: 60 });
  }

  /** Kills it; the result starts it again. */
  kill(): () => void {
    const reason = {};
    this.#down.add(reason);
    const victim = this.#process;
    victim?.kill('SIGKILL');
    return () => {
      this.#down.delete(reason);
      const again = () => {
        const isDown = this.#process === victim && this.#down.size === 0;
        if (isDown && !this.#isOver) this.#spawn();
      };
      void victim?.exited.then(again);
    };
  }

  /** Stops it in its tracks; the result lets it go on. */
  pause(): () => void {
    const reason = {};
    this.#paused.add(reason);
    this.#process?.kill('SIGSTOP');
    return () => {
      this.#paused.delete(reason);
      if (this.#paused.size === 0) this.#process?.kill('SIGCONT');
    };
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#process?.kill('SIGCONT');
    await this.#process?.stop({ timeoutSeconds: 15 });
  }

  #spawn(): RunningProcess {
    const child = startProcess(process.execPath, this.#words);
    this.#process = child;
    child.onLine((line) => appendFileSync(this.#log, `${line}\n`));
    if (this.#paused.size > 0) child.kill('SIGSTOP');
    void child.exited.then(({ code, signal }) => this.#ended(child, signal ?? `exit code ${code}`));
    return child;
  }

  // One that ends although nobody killed it is noted, and started again as a service manager would.
  #ended(child: RunningProcess, how: string): void {
    if (this.#process !== child || this.#isOver || this.#down.size > 0) return;
    appendFileSync(this.#log, `{"level":60,"msg":"${this.name} exited unexpectedly: ${how}"}\n`);
    this.crashes += 1;
    this.#spawn();
  }
}
