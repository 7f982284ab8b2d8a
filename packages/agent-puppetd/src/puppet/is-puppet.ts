import { basename } from 'node:path';
import { commandLine, hasProcess } from '@troupe/host';

/** Whether the process with this number is Puppet: the rule by which Puppet judges its own lock files. */
export function isPuppet(pid: number): boolean {
  const words = commandLine(pid);
  if (!words) return hasProcess(pid);
  const [program = '', ...args] = words;
  // A forked child of the daemon names itself "puppet agent: applying configuration".
  if (/^puppet agent\b/.test(program) || isPuppetName(basename(program))) return true;
  const script = args.find((word) => word !== '' && !word.startsWith('-'));
  return script !== undefined && isPuppetName(basename(script));
}

function isPuppetName(name: string): boolean {
  return /^puppet(-.*)?$/.test(name);
}
