import childProcess, { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { ActionError } from '@troupe/core';

// What all asynchronous functions of node:child_process start a program with; its types lack it.
const prototype = ChildProcess.prototype as ChildProcess & {
  spawn(options: { readonly file?: string }): number;
};
const synchronous = ['spawnSync', 'execSync', 'execFileSync'] as const;

/**
 * Makes every start of a program in this process fail, because a DDL does not declare whether actions run programs.
 * Returns what permits it again.
 */
export function forbidPrograms(): () => void {
  const { spawn } = prototype;
  const { spawnSync, execSync, execFileSync } = childProcess;
  prototype.spawn = ({ file }) => refuse(file);
  for (const name of synchronous) childProcess[name] = refuse;
  syncBuiltinESMExports();
  return () => {
    prototype.spawn = spawn;
    Object.assign(childProcess, { spawnSync, execSync, execFileSync });
    syncBuiltinESMExports();
  };
}

function refuse(program: unknown): never {
  throw new ActionError(`cannot run ${program}: emulated nodes run programs only with --real-agents`);
}
