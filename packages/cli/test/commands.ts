import { run } from '../src/program.js';
import { captured } from './captured.js';

/** What one command line came to, in this process. */
export async function mco(...argv: readonly string[]) {
  const { screen, stdout, stderr } = captured();
  const code = await run(argv, screen);
  return { code, stdout: stdout(), stderr: stderr() };
}
