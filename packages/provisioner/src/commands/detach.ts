import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** Starts this program again in the background, and notes its process id; for those who have no service manager. */
export function detach(pidFile: string, args: readonly string[]): number {
  const [, script = ''] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    detached: true,
    stdio: 'ignore',
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('mcprovision could not be started in the background');
  writeFileSync(pidFile, `${pid}\n`);
  child.unref();
  return pid;
}
