import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** Starts this program again in the background and writes its process id; for systems without a service manager. */
export function detach(pidFile: string, args: readonly string[]): number {
  const [, script = ''] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    detached: true,
    stdio: 'ignore',
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('cannot start mcprovision in the background');
  writeFileSync(pidFile, `${pid}\n`);
  child.unref();
  return pid;
}
