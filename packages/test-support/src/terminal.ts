import { spawnSync } from 'node:child_process';
import { devNull } from 'node:os';
import { skip } from './skip.js';

/** The command that runs another with a terminal as its output; the test is skipped if that cannot be had. */
export function onTerminal(context: Mocha.Context, words: readonly string[]): [string, string[]] {
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  // Those of the BSDs take other arguments.
  if (!stdout?.includes('util-linux')) skip(context, 'script(1) of util-linux is not installed');
  const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', ['-qec', `exec ${command}`, devNull]];
}
