import { type Command, Option } from 'commander';
import { addTo } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { CompletionOptions } from './completion.js';

const shells = ['bash', 'zsh', 'fish'] as const;

export function define(command: Command, shell: Shell): void {
  command.description(
    [
      'Prints a script that completes mco in a shell: commands, options, agents, actions and inputs.',
      '',
      'Examples:',
      '  # bash: in ~/.bashrc',
      '  source <(mco completion bash)',
      '  # zsh: in ~/.zshrc, after compinit',
      '  source <(mco completion zsh)',
      '  # fish',
      '  mco completion fish > ~/.config/fish/completions/mco.fish',
    ].join('\n'),
  );
  command.addArgument(command.createArgument('[shell]', 'the shell').choices(shells));
  command.addOption(new Option('--line <text>', 'what may come after this').hideHelp());
  addTo(command, 'Lists, for other shells (with -v: NAME:DESCRIPTION):', [
    new Option('--list-applications', 'the commands'),
    new Option('--list-agents', 'the agents whose DDL is here'),
    new Option('--list-actions', 'the actions of --agent'),
    new Option('--list-inputs', 'the inputs of --action of --agent'),
    new Option('--agent <name>', 'an agent'),
    new Option('--action <name>', 'an action'),
  ]);
  command.action(
    shell.action(async (name: string | undefined) =>
      (await import('./completion.js')).complete(shell, name, command.optsWithGlobals<CompletionOptions>()),
    ),
  );
}
