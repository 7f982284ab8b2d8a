import type { Command } from 'commander';
import type { Shell } from '../../command-line/shell.js';
import { ExitCode } from '../../exit.js';
import { version } from '../../version.js';

export function define(command: Command, shell: Shell): void {
  command
    .description('Prints the version of mco and, with --verbose, the versions of Node.js and the platform.')
    .action(
      shell.action(() => {
        shell.screen.print(`mco ${version()}`);
        if (shell.screen.isVerbose)
          shell.screen.print(`node ${process.version} on ${process.platform} ${process.arch}`);
        return ExitCode.ok;
      }),
    );
}
