import { execa } from 'execa';
import { searchPath } from '../processes/installed.js';
import { waitFor } from '../wait-for.js';

/** Runs lines of `ip` commands in the network namespace of a process, or in the machine's own. */
export async function ip(lines: readonly string[], inNamespaceOf?: number): Promise<void> {
  await run(['-batch', '-'], inNamespaceOf, `${lines.join('\n')}\n`);
}

/** Waits until an interface that was set up counts as running: system calls hide it before. */
export async function untilRunning(name: string, inNamespaceOf?: number): Promise<void> {
  await waitFor(
    `the link of ${name}`,
    async () =>
      (await show<{ operstate: string }>(['link', 'show', name], inNamespaceOf))[0]?.operstate === 'UP',
    { intervalMs: 10 },
  );
}

/** The destinations of the machine's IPv4 routes. */
export async function routes(): Promise<string[]> {
  const routes = await show<{ dst: string }>(['-4', 'route', 'show', 'table', 'all']);
  return routes.map((route) => route.dst);
}

async function show<T>(args: readonly string[], inNamespaceOf?: number): Promise<T[]> {
  return JSON.parse((await run(['-json', ...args], inNamespaceOf)) || '[]');
}

async function run(args: readonly string[], pid: number | undefined, input = ''): Promise<string> {
  const enter = pid === undefined ? [] : ['nsenter', '--target', String(pid), '--net', '--'];
  const [file = '', ...rest] = [...enter, 'ip', ...args];
  return (await execa(file, rest, { input, env: { PATH: searchPath } })).stdout;
}
