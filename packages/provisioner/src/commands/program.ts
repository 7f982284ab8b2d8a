import { version } from '@troupe/core';
import { failureText, withCode } from '@troupe/core/internal';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { codeOfFailure, StepFailure } from '../rpc/failure.js';
import { check } from './check.js';
import { ExitCode, exitCodes } from './exit-code.js';
import { explain } from './explain.js';
import type { Io } from './io.js';
import { pause, resume } from './pause.js';
import { release } from './release.js';
import { run } from './run.js';
import { simulate } from './simulate.js';
import { status } from './status.js';

type Action = (...args: never[]) => ExitCode | Promise<ExitCode>;

/** Runs `mcprovision` with these arguments; resolves to its exit code. */
export async function runProgram(args: readonly string[], given: Io): Promise<ExitCode> {
  const io: Io = {
    ...given,
    out: (text) => given.out(printable(text)),
    err: (text) => given.err(printable(text)),
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
    return error instanceof StepFailure && error.kind === 'unreachable' ? ExitCode.noAnswer : ExitCode.error;
  }
}

function build(io: Io, noting: (action: Action) => (...given: unknown[]) => Promise<void>): Command {
  const program = new Command('mcprovision')
    .description('Takes machines that have just booted to hosts that Puppet manages')
    .version(`mcprovision ${version}`)
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
      .option('-c, --config <file>', 'the configuration (default: /etc/troupe/provisioner.yaml)')
      .option('--json', 'write JSON')
      .exitOverride();

  command('run', 'provision every node that arrives')
    .option('--once <n>', 'end when so many nodes have ended, well or not', counted)
    .option('--until-idle', 'end when nothing is left to do')
    .option('--foreground', 'stay in the foreground whatever the configuration says')
    .addHelpText(
      'after',
      '\nTERM and INT end it: what runs on nodes goes on, and any other provisioner goes on with them.\n',
    )
    .action(noting((options: Parameters<typeof run>[1]) => run(io, options)));
  command('check', 'say what the configuration means, connect to nobody').action(
    noting((options: Parameters<typeof check>[1]) => check(io, options)),
  );
  command('status', 'show the nodes that have a provision agent, and how far they are')
    .option('-a, --all', 'those of the main collective too')
    .option('-w, --watch [seconds]', 'show it again at each event, and every so many seconds (5)', counted)
    .action(noting((options: Parameters<typeof status>[1]) => status(io, options)));
  command('explain <node>', "tell a node's story with times and reasons").action(
    noting((node: string, options: Parameters<typeof explain>[2]) => explain(io, node, options)),
  );
  command('release <node>', 'end the quarantine of a node: it goes on where it stopped').action(
    noting((node: string, options: { config?: string }) => release(io, node, { ...options, fresh: false })),
  );
  command('retry <node>', 'end the quarantine of a node: it begins with the first step').action(
    noting((node: string, options: { config?: string }) => release(io, node, { ...options, fresh: true })),
  );
  command('pause', 'begin no new node, on all provisioners; what is under way is finished')
    .option('-r, --reason <text>', 'why, for whoever asks')
    .option('--here', 'the provisioner of this machine only, without the network')
    .action(noting((options: Parameters<typeof pause>[1]) => pause(io, options)));
  command('resume', 'begin nodes again')
    .option('--here', 'the provisioner of this machine only, without the network')
    .action(noting((options: Parameters<typeof resume>[1]) => resume(io, options)));
  command('simulate <node>', 'say what would be done for a node and why, and do nothing').action(
    noting((node: string, options: Parameters<typeof simulate>[2]) => simulate(io, node, options)),
  );
  return program;
}

// What nodes say ends up on a terminal: nothing in it may move the cursor or change colours.
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is meant
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
}

function counted(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be 1 or more.');
  return number;
}
