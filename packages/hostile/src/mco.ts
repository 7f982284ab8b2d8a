import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AttackNetwork } from './attack-network.js';

const program = fileURLToPath(new URL('../../../cli/bin/mco.js', import.meta.url));

/** Runs `mco` as alice; what it prints, and its exit code at the end. */
export async function runMco(network: AttackNetwork, ...args: readonly string[]): Promise<string> {
  const words = [program, '--config', network.mcoConfigFile, ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { timeout: 30_000 });
    return `${stdout}${stderr}exit 0`;
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number };
    return `${stdout}${stderr}exit ${code}`;
  }
}
