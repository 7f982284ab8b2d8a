import { type Command, CommanderError, Help, Option } from 'commander';
import { neededApplications } from './application/needed.js';
import {
  askedForJson,
  commandIn,
  type JsonOptions,
  pathOf,
  setJsonOutput,
} from './command-line/json-mode.js';
import { groups, withGlobal } from './command-line/options.js';
import { type CommandEntry, Shell } from './command-line/shell.js';
import { StrictCommand } from './command-line/strict-command.js';
import { commands } from './commands.js';
import { ExitCode } from './exit.js';
import { InterruptedError, reportFailure, usageLine } from './failure.js';
import { Screen } from './terminal/screen.js';
import { version } from './version.js';

/** Runs a command line and returns its exit code. */
export async function run(argv: readonly string[], screen = new Screen()): Promise<number> {
  let shell = newShell(screen);
  const release = endInJson(screen);
  try {
    // As far as can be known before the command line is: its errors are JSON too.
    await setJsonOutput(screen, askedForJson(argv));
    const applications = await neededApplications(argv, commands, screen);
    if (applications.length > 0) shell = newShell(screen, [...commands, ...applications]);
    await shell.program.parseAsync([...argv], { from: 'user' });
    return ended(screen, shell.exitCode);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.ok;
    reportFailure(screen, error, shell.hasStarted);
    if (screen.json && !shell.hasStarted) screen.json.command = pathOf(commandIn(shell.program, argv));
    return ended(screen, error instanceof InterruptedError ? error.exitCode : ExitCode.error);
  } finally {
    release();
  }
}

// While a command connects or looks for nodes, nothing of it listens to signals: they end it at once, with JSON all the same.
function endInJson(screen: Screen): () => void {
  const codes = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated } as const;
  const end = (signal: keyof typeof codes) => {
    if (process.listenerCount(signal) > 1) return;
    if (!screen.json) screen.note('mco: interrupted');
    process.exit(ended(screen, codes[signal]));
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  return () => {
    process.off('SIGINT', end).off('SIGTERM', end);
  };
}

function ended({ json }: Screen, code: number): number {
  if (!json) return code;
  if ((code === ExitCode.interrupted || code === ExitCode.terminated) && !json.hasErrors)
    json.fail({ code: 'INTERRUPTED', message: 'interrupted' });
  json.end();
  return code;
}

/** The command line with all its commands, of which each one's module is loaded when the command is parsed. */
export function newShell(screen: Screen, entries: readonly CommandEntry[] = commands): Shell {
  const program = new StrictCommand('mco');
  const shell = new Shell(screen, program, entries);
  program
    .description('Discovers nodes and runs actions of their agents.')
    .usage('<command> [<arguments>] [<options>]')
    .version(`mco ${version()}`, '-V, --version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => screen.print(text.replace(/\n$/, '')),
      writeErr: (text) => screen.warn(text.replace(/\n$/, '')),
      getOutHasColors: () => false,
      outputError: (text) => screen.warn(screen.paintNote('red', usageLine(text))),
    })
    .configureHelp({ visibleOptions, subcommandTerm: (command) => command.name() })
    .commandsGroup('Commands:')
    .addHelpText(
      'after',
      [
        '\nMore help:',
        '  mco help COMMAND           a command',
        '  mco help rpc AGENT ACTION  an action of an agent',
        '  mco help CODE              an error code, such as BROKER_UNREACHABLE',
        '  mco help errors            all error codes',
        '  mco help exit-codes        all exit codes',
        '  mco help discovery         the discovery methods',
        '  mco plugin list            the agents',
      ].join('\n'),
    );
  withGlobal(program).addHelpOption(helpOption());
  for (const option of program.options) option.helpGroup(groups.general);
  program.hook('preAction', async (_, command) => {
    configure(screen, program);
    await setJsonOutput(screen, command.opts<JsonOptions>());
    if (screen.json) screen.json.command = pathOf(command);
  });
  for (const entry of entries) {
    const command = program.command(entry.name).summary(entry.summary).description(`${entry.summary}.`);
    if (entry.aliases) command.aliases([...entry.aliases]);
    command.helpCommand(false).addHelpOption(helpOption());
  }
  program.hook('preSubcommand', async (_, command) => {
    configure(screen, program);
    await shell.load(command);
  });
  return shell;
}

function helpOption(): Option {
  return new Option('-h, --help', 'display this help').helpGroup(groups.general);
}

// Global options are listed in their group with the command's own options, not in a separate list.
function visibleOptions(this: Help, command: Command): Option[] {
  const own = Help.prototype.visibleOptions.call(this, command);
  const above: Option[] = [];
  for (let at = command.parent; at; at = at.parent)
    above.push(...at.options.filter(({ long }) => long !== '--version'));
  return [...own, ...above];
}

function configure(screen: Screen, program: Command): void {
  const { verbose, quiet, color } = program.opts<{ verbose?: true; quiet?: true; color: boolean }>();
  screen.isVerbose = verbose === true;
  screen.isQuiet = quiet === true;
  if (!color) {
    delete process.env.FORCE_COLOR;
    process.env.NO_COLOR = '1';
  }
}
