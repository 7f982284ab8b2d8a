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
