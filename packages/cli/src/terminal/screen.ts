import { styleText } from 'node:util';
import type { JsonOutput } from '@troupe/client/application';

type Format = Parameters<typeof styleText>[0];

/** Something on the terminal that must give way before a line is written, such as a progress bar. */
export interface Overlay {
  hide(): void;
}

/** Where lines go: data to standard output, everything else to standard error. */
export class Screen {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  isVerbose = false;
  isQuiet = false;
  overlay: Overlay | undefined;
  /** Where the data goes if it is for programs. */
  json: JsonOutput | undefined;
  #isHeld = false;
  readonly #release = () => this.flush();

  constructor(
    streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream } = {
      stdout: process.stdout,
      stderr: process.stderr,
    },
  ) {
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
  }

  /** Data. */
  print(text: string): void {
    this.overlay?.hide();
    this.#hold();
    this.stdout.write(`${text}\n`);
  }

  /** Writes what is printed now, and not at the end of this turn of the loop. */
  flush(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    process.removeListener('exit', this.#release);
    this.stdout.uncork();
  }

  // Replies come in bursts, and a separate write for each would cost as much as all the rest of a reply.
  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.stdout.cork();
    process.nextTick(this.#release);
    // What was printed is not lost if the process exits in this turn of the loop.
    process.once('exit', this.#release);
  }

  /** A note for people; not printed with --quiet. */
  note(text: string): void {
    if (!this.isQuiet) this.warn(text);
  }

  /** A warning or an error for people. */
  warn(text: string): void {
    this.overlay?.hide();
    // On a terminal, both appear in the order in which they were written.
    this.flush();
    this.stderr.write(`${text}\n`);
  }

  /** Colours a text for standard output, where that is a terminal and colours are wanted. */
  paint(format: Format, text: string): string {
    return styleText(format, text, { stream: this.stdout });
  }

  /** Colours a text for standard error. */
  paintNote(format: Format, text: string): string {
    return styleText(format, text, { stream: this.stderr });
  }

  /** Columns of the terminal behind standard output; 80 without a terminal, or if its width is not known. */
  get width(): number {
    return this.stdout.columns || 80;
  }

  /** Columns that a row of a table may have: those of the terminal. In a file or a pipe each row is one line. */
  get rowWidth(): number {
    return this.stdout.isTTY === true ? this.width : Number.POSITIVE_INFINITY;
  }

  /** Whether there is a terminal to ask questions on. */
  get isInteractive(): boolean {
    return process.stdin.isTTY === true && this.stderr.isTTY === true;
  }
}
