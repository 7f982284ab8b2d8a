import { rowLines } from '@troupe/core/internal';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { ExitCode, exitCodeMeanings } from '../../exit.js';
import { UsageError } from '../../failure.js';

/** Prints the help on a topic, or on mco itself. */
export async function help(
  shell: Shell,
  words: readonly string[],
  options: GlobalOptions,
): Promise<ExitCode> {
  const { screen, program } = shell;
  const [topic, ...rest] = words;
  if (topic === undefined) program.outputHelp();
  else if (topic === 'exit-codes') printExitCodes(shell);
  else if (topic === 'discovery') await printMethods(shell);
  else if (topic === 'errors') await printErrors(shell);
  else {
    const command = await commandOf(shell, topic);
    if (!command) return explain(shell, words.join(' '));
    const [agent, action] = rest;
    if (command.name() === 'rpc' && agent !== undefined) {
      const { document } = await import('../plugin/plugin.js');
      return document(screen, agent, action, options);
    }
    const inner = rest.length === 0 ? command : command.commands.find((one) => one.name() === rest[0]);
    if (!inner) throw new UsageError(`mco ${topic} has no subcommand "${rest[0]}"; see mco help ${topic}`);
    inner.outputHelp();
  }
  return ExitCode.ok;
}

async function commandOf(shell: Shell, name: string): Promise<Command | undefined> {
  const command = shell.program.commands.find((one) => one.name() === name || one.aliases().includes(name));
  return command && shell.load(command);
}

async function printErrors({ screen }: Shell): Promise<void> {
  const { errorList } = await import('./error-pages.js');
  screen.print(errorList());
}

async function explain({ screen, program }: Shell, words: string): Promise<ExitCode> {
  const [{ errorPage }, { entryNames, plainName }] = await Promise.all([
    import('./error-pages.js'),
    import('./explanations/index.js'),
  ]);
  const page = errorPage(words);
  if (page !== undefined) {
    screen.print(page);
    return ExitCode.ok;
  }
  const { suggestion } = await import('@troupe/core');
  const topics = [...program.commands.map((one) => one.name()), 'exit-codes', 'discovery', 'errors'];
  const hint = suggestion(words, topics) || suggestion(plainName(words), entryNames().map(plainName));
  throw new UsageError(
    `no help on "${words}"${hint}: mco help lists the commands, mco help errors the error codes`,
  );
}

function printExitCodes({ screen }: Shell): void {
  screen.print('Exit codes of mco, the same in every output mode:\n');
  const rows = exitCodeMeanings.map(([code, meaning]) => [String(code).padStart(3), meaning]);
  for (const line of rowLines(rows, { width: screen.width, margin: 2 })) screen.print(line);
}

async function printMethods({ screen }: Shell): Promise<void> {
  const { discoveryMethods } = await import('../../call/discovery-method.js');
  screen.print('Discovery methods for --dm METHOD, with their options for --do NAME=VALUE:\n');
  for (const [name, { meaning, needs, takes }] of Object.entries(discoveryMethods)) {
    const words = [...needs.map((key) => `--do ${key}=…`), ...takes.map((key) => `[--do ${key}=…]`)];
    const rows = [[name.padEnd(10), meaning], ...(words.length > 0 ? [['', words.join(' ')]] : [])];
    for (const line of rowLines(rows, { width: screen.width, margin: 2 })) screen.print(line);
  }
}
