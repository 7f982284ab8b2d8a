import { PassThrough } from 'node:stream';
import { JsonOutput } from '@troupe/client/application';
import { Screen } from '../src/terminal/screen.js';

export interface Captured {
  readonly screen: Screen;
  /** What was written so far, and is forgotten then. */
  readonly stdout: () => string;
  readonly stderr: () => string;
}

// Whatever the test runner says of colours in its environment.
class PlainScreen extends Screen {
  override paint(_: unknown, text: string): string {
    return text;
  }

  override paintNote(_: unknown, text: string): string {
    return text;
  }
}

/** A screen that is not a terminal, with 80 columns. */
export function captured(
  options: { isVerbose?: boolean; isQuiet?: boolean; json?: 'document' | 'lines' } = {},
): Captured {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const screen = new PlainScreen({
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
  });
  screen.isVerbose = options.isVerbose ?? false;
  screen.isQuiet = options.isQuiet ?? false;
  if (options.json !== undefined)
    screen.json = new JsonOutput((text) => screen.print(text), { isLines: options.json === 'lines' });
  const textOf = (stream: PassThrough) => () => {
    screen.flush();
    let text = '';
    // From Node 26 on, a read gives one chunk and not all.
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += chunk;
    return text;
  };
  return { screen, stdout: textOf(stdout), stderr: textOf(stderr) };
}
