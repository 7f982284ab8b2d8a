import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** PATH of this process and the folders of system commands, which PATH lacks for ordinary users on Debian. */
export const searchPath = [process.env.PATH ?? '/usr/bin:/bin', '/usr/sbin', '/sbin'].join(delimiter);

/** Where a command is, or undefined. */
export function whereIs(command: string): string | undefined {
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return undefined;
}

/** Those of the commands that this machine lacks. */
export function missingCommands(...commands: readonly string[]): string[] {
  return commands.filter((command) => !whereIs(command));
}
