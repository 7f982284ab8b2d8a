import { execa } from 'execa';
import { searchPath } from '../installed.js';

/** Runs lines of `ip` commands in the network namespace of a process, or in the machine's own. */
export async function ip(lines: readonly string[], options: { inNamespaceOf?: number } = {}): Promise<void> {
  const { inNamespaceOf: pid } = options;
  const enter = pid === undefined ? [] : ['nsenter', '--target', String(pid), '--net', '--'];
  const [file = '', ...args] = [...enter, 'ip', '-batch', '-'];
  await execa(file, args, { input: `${lines.join('\n')}\n`, env: { PATH: searchPath } });
}

/** The destinations of the machine's IPv4 routes. */
export async function routes(): Promise<string[]> {
  const { stdout } = await execa('ip', ['-json', '-4', 'route', 'show', 'table', 'all'], {
    env: { PATH: searchPath },
  });
  return (JSON.parse(stdout || '[]') as { dst: string }[]).map((route) => route.dst);
}
