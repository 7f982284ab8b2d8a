import type { Command } from 'commander';
import type { Screen } from '../terminal/screen.js';

/** The options for JSON output. */
export interface JsonOptions {
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

/** The JSON options on a command line, whether or not the rest of it is valid. */
export function askedForJson(argv: readonly string[]): JsonOptions {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  return {
    // Short options that take no value may stand together.
    json: words.some((word) => word === '--json' || /^-[vqg1ry]*j/.test(word)),
    jsonl: words.includes('--jsonl'),
  };
}

/** Turns JSON output on or off. */
export async function setJsonOutput(screen: Screen, { json, jsonl }: JsonOptions): Promise<void> {
  if (!json && !jsonl) {
    screen.json = undefined;
    return;
  }
  const { JsonOutput } = await import('@troupe/client/application');
  screen.json = new JsonOutput((text) => screen.print(text), {
    isLines: jsonl === true,
    isWatched: screen.stdout.isTTY === true,
  });
}

/** The command that the first words of a command line name, as far as they name one. */
export function commandIn(program: Command, argv: readonly string[]): Command {
  let at = program;
  for (const [index, word] of argv.entries()) {
    if (word.startsWith('-') || /^(-c|--config)$/.test(argv[index - 1] ?? '')) continue;
    const next = at.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (!next) break;
    at = next;
  }
  return at;
}

/** The words of a command, such as `job list`. */
export function pathOf(command: Command): string {
  if (!command.parent) return '';
  return `${pathOf(command.parent)} ${command.name()}`.trim();
}
