import { existsSync } from 'node:fs';

/** Where a command of the system is. */
export function whereIs(command: string): string {
  const found = ['/usr/bin', '/bin'].map((folder) => `${folder}/${command}`).find(existsSync);
  if (found === undefined) throw new Error(`there is no ${command}`);
  return found;
}
