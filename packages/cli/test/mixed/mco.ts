import { execa } from 'execa';
import type { Build } from './builds.js';
import { type Dialect, dialects, type Ended, type Numbers } from './dialect.js';

/** What one run of the real `mco` came to. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

/** The same, of a call with `--json`. */
export interface Called extends Ran {
  readonly results: readonly Ended[];
  readonly numbers: Numbers;
  /** The state of each node. */
  readonly states: Readonly<Record<string, string>>;
}

/** The `mco` of one version, as one caller. */
export class Mco {
  readonly build: Build;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(build: Build, environment: Readonly<Record<string, string>>) {
    this.build = build;
    this.#environment = environment;
  }

  get dialect(): Dialect {
    return dialects[this.build.version];
  }

  /** Runs it to its end. */
  async run(...args: readonly string[]): Promise<Ran> {
    const { stdout, stderr, exitCode, timedOut } = await this.start(...args);
    if (timedOut) throw new Error(`mco ${args.join(' ')} did not end:\n${stdout}\n${stderr}`);
    return { stdout, stderr, code: exitCode };
  }

  start(...args: readonly string[]) {
    return execa(process.execPath, [this.build.mco, ...args], {
      input: '',
      reject: false,
      timeout: 60_000,
      extendEnv: false,
      env: { ...this.#environment },
    });
  }

  /** Runs `rpc` or `job attach` with `--json`. */
  async call(...args: readonly string[]): Promise<Called> {
    return this.called(await this.run(...args, '--json'));
  }

  /** Reads the JSON of a call that has ended. */
  called(ran: Ran): Called {
    const document = documentOf(ran);
    const results = this.dialect.results(document);
    const states = Object.fromEntries(results.map(({ sender, state }) => [sender, state]));
    return { ...ran, results, numbers: this.dialect.numbers(document), states };
  }

  /** The names that `find` prints, sorted. */
  async find(...args: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await this.run('find', '-q', ...args);
    return stdout.split('\n').filter(Boolean).sort();
  }
}

/** The document that was printed; the error of one that is none has all that was printed. */
export function documentOf({ stdout, stderr, code }: Ran): never {
  try {
    return JSON.parse(stdout) as never;
  } catch {
    throw new Error(`mco printed no JSON document, exit code ${code}:\n${stdout}\n${stderr}`);
  }
}
