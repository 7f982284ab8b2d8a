import type { Command } from 'commander';
import { ExitCode } from '../exit.js';
import type { Screen } from '../terminal/screen.js';

/** What a command works with, and where it stores its exit code. */
export class Shell {
  readonly screen: Screen;
  /** The whole command line, for help and completion. */
  readonly program: Command;
  exitCode: ExitCode = ExitCode.ok;
  /** Whether the command line is valid and the command has started. */
  hasStarted = false;
  readonly #entries: readonly CommandEntry[];
  readonly #loaded = new Map<Command, Promise<Command>>();

  constructor(screen: Screen, program: Command, entries: readonly CommandEntry[]) {
    this.screen = screen;
    this.program = program;
    this.#entries = entries;
  }

  /** A command with its arguments and options, whose module is loaded once, when it is needed. */
  load(command: Command): Promise<Command> {
    const loaded = this.#loaded.get(command) ?? this.#define(command);
    this.#loaded.set(command, loaded);
    return loaded;
  }

  async #define(command: Command): Promise<Command> {
    const entry = this.#entries.find(({ name }) => name === command.name());
    (await entry?.load())?.define(command, this);
    presetNegated(command);
    return command;
  }

  /** Makes a commander action of a function that returns an exit code. */
  action<Given extends unknown[]>(
    work: (...given: Given) => ExitCode | Promise<ExitCode>,
  ): (...given: Given) => Promise<void> {
    return async (...given) => {
      this.hasStarted = true;
      this.exitCode = await work(...given);
    };
  }
}

// What an option such as --no-results negates is true otherwise. Commander sees to that before it has a command loaded.
function presetNegated(command: Command): void {
  const flags = new Set(command.options.map(({ long }) => long));
  for (const option of command.options) {
    const name = option.attributeName();
    const isAlone = option.negate && !flags.has(option.long?.replace(/^--no-/, '--'));
    if (isAlone && command.getOptionValue(name) === undefined)
      command.setOptionValueWithSource(name, true, 'default');
  }
}

/** A command as `mco help` lists it. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** What a command's module exports: adds arguments, options and the work to a command that has its name already. */
export interface CommandModule {
  define(command: Command, shell: Shell): void;
}
