import type { Logger } from '@troupe/core';
import { LineCutter } from '@troupe/core/internal';
import type { OutputSink } from '@troupe/host';

const longestLine = 4096;
const mostLogged = 64 * 1024;

/** Writes what a program says to the log, line by line up to 64 KiB. */
export class OutputLog implements OutputSink {
  readonly #name: 'stdout' | 'stderr';
  readonly #log: Logger;
  readonly #cutter = new LineCutter(longestLine);
  #bytes = 0;

  constructor(name: 'stdout' | 'stderr', log: Logger) {
    this.#name = name;
    this.#log = log;
  }

  write(chunk: Buffer): void {
    const before = this.#bytes;
    this.#bytes += chunk.length;
    if (before < mostLogged) this.#say(this.#cutter.cut(chunk.subarray(0, mostLogged - before)));
    if (before <= mostLogged && this.#bytes > mostLogged) {
      this.end();
      this.#log.warn(
        { stream: this.#name },
        `the output exceeds ${mostLogged} bytes: the rest is not logged`,
      );
    }
  }

  end(): void {
    this.#say(this.#cutter.end());
  }

  #say(lines: Iterable<string>): void {
    for (const line of lines)
      this.#log[this.#name === 'stderr' ? 'error' : 'info']({ stream: this.#name }, line);
  }
}
