import { version } from '@troupe/core';
import {
  type CompletedOption,
  type CompletedProgram,
  completedShells,
  completionScript,
  failureText,
  optionAsValue,
  printable,
  readDuration,
  usageFault,
  withCode,
} from '@troupe/core/internal';
import { Command, CommanderError, type ErrorOptions, InvalidArgumentError, Option } from 'commander';
import { codeOfFailure, StepFailure } from '../rpc/failure.js';
import { check } from './check.js';
import { ExitCode, exitCodes } from './exit-code.js';
import { explain } from './explain.js';
import { init } from './init.js';
import type { Io } from './io.js';
import { pause, resume } from './pause.js';
import { release } from './release.js';
import { run } from './run.js';
import { simulate } from './simulate.js';
import { status } from './status.js';

type Action = (...args: never[]) => ExitCode | Promise<ExitCode>;

/** Runs `mcprovision` with these arguments; resolves to its exit code. */
export async function runProgram(args: readonly string[], given: Io): Promise<ExitCode> {
  // Texts from nodes end up on a terminal: they must not move the cursor, change colors or hide anything.
  const io: Io = {
    ...given,
    out: (text) => given.out(printable(text, { keep: '\n\t' })),
    err: (text) => given.err(printable(text, { keep: '\n\t' })),
  };
  let code: ExitCode = ExitCode.ok;
  const program = build(io, (action) => async (...given: unknown[]) => {
    code = await action(...(given as never[]));
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.error;
    io.err(
      failureText('mcprovision', error, {
        code: codeOfFailure(error),
        isTerminal: io.outputs.err === 'terminal',
      }),
    );
    return error instanceof StepFailure && (error.kind === 'unreachable' || error.kind === 'master-away')
      ? ExitCode.noAnswer
      : ExitCode.error;
  }
}

function build(io: Io, noting: (action: Action) => (...given: unknown[]) => Promise<void>): Command {
  const program = new StrictCommand('mcprovision')
    .description('Provisions newly booted machines until Puppet manages them')
    .version(`mcprovision ${version}`, '-V, --version', 'print the version')
    .addHelpText('after', exitCodes)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text) => {
        const reason = text.trimEnd().replace(/^error: /, '');
        io.err(`mcprovision: ${withCode(reason, 'USAGE_INVALID')}\n`);
      },
    });
  const command = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .option(
        '-c, --config <file>',
        'configuration file (default: the environment variable TROUPE_PROVISIONER_CONFIG, else /etc/troupe/provisioner.yaml)',
      )
      .option('--json', 'print JSON')
      .exitOverride();

  command('init', 'create the journal of this provisioner, before it is started for the first time')
    .addHelpText(
      'after',
      '\nThe journal has the names of all hosts that were seen. If it is missing later, it was lost: then every name with a\ncertificate counts as seen until policy.replace_after has passed.\n',
    )
    .action(noting((options: Parameters<typeof init>[1]) => init(io, options)));
  command('run', 'provision nodes as they come online')
    .option('--once <n>', 'exit after n nodes have finished, whether done or quarantined', counted)
    .option('--until-idle', 'exit when no node is left to provision')
    .option('--foreground', 'stay in the foreground even if the configuration sets daemonize')
    .addHelpText(
      'after',
      '\nSIGTERM and SIGINT stop it. Puppet runs on nodes continue, and any other provisioner takes over the nodes.\nSIGUSR2 and SIGWINCH open the log file again, after a rotation.\n',
    )
    .action(noting((options: Parameters<typeof run>[1]) => run(io, options)));
  command('check', 'check the configuration and show what it means, without connecting').action(
    noting((options: Parameters<typeof check>[1]) => check(io, options)),
  );
  command('status', 'show the nodes that have a provision agent, and their progress')
    .option('-a, --all', 'include nodes of the main collective')
    .option(
      '-w, --watch [duration]',
      'refresh after each event and at this interval: seconds, or 90s, 5m, 1h (default: 5)',
      duration,
    )
    .action(noting((options: Parameters<typeof status>[1]) => status(io, options)));
  command('explain <node>', 'show the provisioning history of a node, with times and reasons').action(
    noting((node: string, options: Parameters<typeof explain>[2]) => explain(io, node, options)),
  );
  command('release <node>', 'end the quarantine of a node: it continues at the step where it stopped').action(
    noting((node: string, options: { config?: string }) => release(io, node, { ...options, fresh: false })),
  );
  command('retry <node>', 'end the quarantine of a node: it starts again at the first step').action(
    noting((node: string, options: { config?: string }) => release(io, node, { ...options, fresh: true })),
  );
  command('pause', 'stop taking new nodes, on all provisioners; nodes in progress continue to the end')
    .option('--reason <text>', 'reason for the pause, shown by status')
    .addOption(new Option('-r <text>').hideHelp())
    .on('option:r', function (this: Command, text: string) {
      this.setOptionValueWithSource('reason', text, 'cli');
    })
    .option('--here', 'only the provisioner on this machine, without using the network')
    .action(noting((options: Parameters<typeof pause>[1]) => pause(io, options)));
  command('resume', 'take new nodes again, on all provisioners')
    .option('--here', 'only the provisioner on this machine, without using the network')
    .action(noting((options: Parameters<typeof resume>[1]) => resume(io, options)));
  command('simulate <node>', 'show what would be done for a node, and why, without doing it').action(
    noting((node: string, options: Parameters<typeof simulate>[2]) => simulate(io, node, options)),
  );
  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh or fish')
    .action(
      noting((shell: string) => {
        const known = completedShells.find((one) => one === shell);
        if (!known)
          return program.error(`no completion for the shell "${shell}": use ${completedShells.join(', ')}`);
        io.out(`${completionScript(known, completedProgram(program))}\n`);
        return ExitCode.ok;
      }),
    );
  return program;
}

function completedProgram(program: Command): CompletedProgram {
  const help = { short: '-h', long: '--help', meaning: 'print this help' };
  const optionsOf = ({ options }: Command) => [
    ...options.filter(({ hidden }) => !hidden).map(completedOption),
    help,
  ];
  const commands = program.commands.map((one) => ({
    name: one.name(),
    meaning: one.description(),
    options: optionsOf(one),
  }));
  return { name: program.name(), options: optionsOf(program), commands };
}

function completedOption({ short, long, description, required, flags }: Option): CompletedOption {
  const value = required ? (flags.includes('<file>') ? 'file' : 'word') : undefined;
  return { short, long: long ?? '', meaning: description, value };
}

// A command that takes no option for the value of another one.
class StrictCommand extends Command {
  override createCommand(name?: string): Command {
    return new StrictCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    if (
      options?.code?.startsWith('commander.missing') ||
      options?.code === 'commander.optionMissingArgument'
    ) {
      const command = this.parent ? `${this.parent.name()} ${this.name()}` : this.name();
      super.error(usageFault(message.replace(/^error: /, ''), `${command} --help`), options);
    }
    super.error(message, options);
  }

  override parseOptions(words: string[]): ReturnType<Command['parseOptions']> {
    const fault = optionAsValue(words, this.options);
    if (fault !== undefined) this.error(fault);
    return super.parseOptions(words);
  }
}

function duration(text: string): number {
  const seconds = readDuration(text);
  if (seconds !== undefined && seconds >= 1) return seconds;
  throw new InvalidArgumentError('It must be a duration of a second or more: 5, 90s, 5m or 1h.');
}

function counted(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return number;
}
