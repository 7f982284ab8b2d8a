import { createInterface } from 'node:readline/promises';
import { UsageError } from '../failure.js';
import type { Screen } from '../terminal/screen.js';

/** Asks for confirmation on the terminal before all nodes are changed. Throws UsageError if there is no terminal to ask on. */
export async function confirm(screen: Screen, question: string, refusal: string): Promise<boolean> {
  if (!screen.isInteractive) throw new UsageError(refusal);
  const terminal = createInterface({ input: process.stdin, output: screen.stderr });
  // Ctrl-C and Ctrl-D are a no.
  const leaving = new AbortController();
  terminal.once('SIGINT', () => leaving.abort()).once('close', () => leaving.abort());
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: leaving.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
    screen.warn('');
    return false;
  } finally {
    terminal.close();
  }
}
