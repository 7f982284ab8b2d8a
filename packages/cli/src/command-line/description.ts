import type { Command } from 'commander';

/** Describes a command: what it does, then examples, each below its purpose. */
export function describe(
  command: Command,
  text: string,
  examples: readonly (readonly [meaning: string, line: string])[],
): Command {
  const lines = examples.flatMap(([meaning, line]) => [`  # ${meaning}`, `  ${line}`]);
  return command.description([text, '', 'Examples:', ...lines].join('\n'));
}
