import { statSync } from 'node:fs';
import { type Facts, type Logger, messageOf } from '@troupe/core';
import { replaceFile } from '@troupe/core/durable-file';
import { readRegularFileSync } from '@troupe/core/regular-file';
import { checkTrusted, programFile } from '@troupe/core/trusted-path';
import { CapturedOutput, runProgram } from '@troupe/host';
import { OutputLog } from '../agents/external/output-log.js';
import { mostFactBytes, parseFactText } from './fact-text.js';

/** How old the facts of facter are, and why there are no newer ones. */
export interface FacterStatus {
  /** Milliseconds since 1970; absent where it never succeeded. */
  readonly readAt?: number;
  /** Why the last run failed. */
  readonly reason?: string;
}

export interface FacterOptions {
  /** The program and its words; it prints JSON. */
  readonly command: readonly string[];
  /** Seconds between two runs. */
  readonly interval: number;
  /** Seconds that a run may take. */
  readonly timeout: number;
  /** Where the last good facts are kept over a restart. */
  readonly cache: string;
  readonly log: Logger;
  /** Whether only the facts of the last run are wanted. */
  readonly isTrial?: boolean;
}

/** Seconds until a run that failed is tried again, or the interval if that is shorter. */
const retryAfter = 60;

/** Runs facter in the background now and then; until it has ended, and when it fails, the last good facts hold. */
export class Facter {
  readonly #options: FacterOptions;
  readonly #stop = new AbortController();
  // no peer fills this: it holds what this program itself asks for
  readonly #listeners: (() => void)[] = [];
  #facts: Facts = {};
  #readAt: number | undefined;
  #reason: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void>;

  constructor(options: FacterOptions) {
    this.#options = options;
    this.#recall();
    this.#running = options.isTrial ? Promise.resolve() : this.#run();
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** Calls `listener` whenever there are new facts. */
  onFacts(listener: () => void): void {
    this.#listeners.push(listener);
  }

  status(): FacterStatus {
    return {
      ...(this.#readAt === undefined ? {} : { readAt: this.#readAt }),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
    };
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the daemon is shutting down'));
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { command, interval, log } = this.#options;
    let seconds = interval;
    try {
      const text = await this.#output();
      this.#facts = parseFactText(text, 'facter.json');
      this.#readAt = Date.now();
      this.#reason = undefined;
      for (const listener of this.#listeners) listener();
      await this.#remember(text);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#reason = messageOf(error).replace(/^facter\.json: /, '');
      log.warn(
        { command: command[0], reason: this.#reason },
        'facter failed: its last known facts stay in use',
      );
      seconds = Math.min(interval, retryAfter);
    }
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, seconds * 1000);
    this.#timer.unref();
  }

  async #output(): Promise<string> {
    const { command, timeout, log } = this.#options;
    const [program = '', ...args] = command;
    const printed = new CapturedOutput();
    checkTrusted(programFile(program), 'facts.facter');
    const { code, signal, exceeded } = await runProgram({
      command: program,
      args,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8' },
      stdout: printed,
      stderr: new OutputLog('stderr', log),
      mostOutput: mostFactBytes,
      timeLimit: timeout * 1000,
      signal: this.#stop.signal,
    });
    if (exceeded === 'output') throw new Error(`it printed more than ${mostFactBytes} bytes`);
    if (exceeded === 'time') throw new Error(`timeout: it was still running after ${timeout} s`);
    if (signal !== null) throw new Error(`it was killed by ${signal}`);
    if (code !== 0) throw new Error(`it exited with code ${code}; see its output in the log`);
    return printed.text;
  }

  async #remember(text: string): Promise<void> {
    const { cache, log } = this.#options;
    try {
      await replaceFile(cache, text, { mode: 0o600 });
    } catch (error) {
      log.warn(
        { file: cache, reason: messageOf(error) },
        'cannot save the facts of facter for the next start',
      );
    }
  }

  // A cache that is damaged or not there is made anew at once.
  #recall(): void {
    const { cache, log } = this.#options;
    try {
      const { mtimeMs } = statSync(cache);
      this.#facts = parseFactText(
        readRegularFileSync(cache, { most: mostFactBytes }).toString('utf8'),
        cache,
      );
      this.#readAt = mtimeMs;
    } catch (error) {
      log.debug({ file: cache, reason: messageOf(error) }, 'no saved facts of facter');
    }
  }
}
