import { type Command, Option } from 'commander';
import { addTo } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import type { CompletionOptions } from './completion.js';

const shells = ['bash', 'zsh', 'fish'] as const;

export function define(command: Command, shell: Shell): void {
  command.description(
    [
      'Prints a shell script that completes mco commands, options, agents, actions and inputs.',
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
  command.addArgument(command.createArgument('[shell]', 'shell to generate the script for').choices(shells));
  command.addOption(new Option('--line <text>', 'print the completions of this command line').hideHelp());
  addTo(command, 'Lists for other shells (with -v as NAME:DESCRIPTION):', [
    new Option('--list-applications', 'list the commands'),
    new Option('--list-agents', 'list the agents with a DDL (agent description) on this machine'),
    new Option('--list-actions', 'list the actions of --agent'),
    new Option('--list-inputs', 'list the inputs of --action of --agent'),
    new Option('--agent <name>', 'agent for --list-actions and --list-inputs'),
    new Option('--action <name>', 'action for --list-inputs'),
  ]);
  command.action(
    shell.action(async (name: string | undefined) =>
      (await import('./completion.js')).complete(shell, name, command.optsWithGlobals<CompletionOptions>()),
    ),
  );
}
