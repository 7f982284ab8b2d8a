import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Cuts a stream of bytes into lines; what is longer than `most` characters comes in pieces. */
export class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #most: number;
  #rest = '';

  constructor(most: number) {
    this.#most = most;
  }

  *cut(bytes: Buffer): Generator<string> {
    this.#rest += this.#decoder.write(bytes);
    let start = 0;
    for (;;) {
      const newline = this.#rest.indexOf('\n', start);
      const end = newline < 0 ? this.#rest.length : newline;
      if (end - start > this.#most) {
        yield this.#rest.slice(start, start + this.#most);
        start += this.#most;
      } else if (newline < 0) break;
      else {
        yield this.#rest.slice(start, end);
        start = end + 1;
      }
    }
    this.#rest = this.#rest.slice(start);
  }

  /** What is left after the last line break, or nothing. */
  *end(): Generator<string> {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') yield rest;
  }
}

/**
 * Calls `listener` with each line of a stream, cut at byte 0x0A alone. Node's readline also cuts at U+2028 and U+2029,
 * which JSON leaves in its texts.
 */
export function onLine(stream: Readable, listener: (line: string) => void): void {
  const cutter = new LineCutter(Number.POSITIVE_INFINITY);
  const each = (lines: Iterable<string>) => {
    for (const line of lines) listener(line);
  };
  stream.on('data', (bytes: Buffer) => each(cutter.cut(bytes)));
  stream.once('end', () => each(cutter.end()));
}

/** The lines of a stream, cut likewise. Throws what the stream fails with. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const cutter = new LineCutter(Number.POSITIVE_INFINITY);
  for await (const bytes of stream) yield* cutter.cut(bytes);
  yield* cutter.end();
}
