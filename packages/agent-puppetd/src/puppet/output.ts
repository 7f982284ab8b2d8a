import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { isErrno } from '@troupe/core/durable-file';

const maxLineLength = 16 * 1024;

/** Reads a file that grows, line by line, from its beginning. */
export class OutputReader {
  readonly #path: string;
  readonly #decoder = new StringDecoder('utf8');
  #offset = 0;
  #partial = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** The lines that were completed since the last call, in batches of moderate size. */
  async *read(): AsyncGenerator<string[]> {
    const file = await open(this.#path, 'r').catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) return;
      throw error;
    });
    if (!file) return;
    try {
      const buffer = Buffer.alloc(64 * 1024);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        const lines = this.#split(this.#decoder.write(buffer.subarray(0, bytesRead)));
        if (lines.length > 0) yield lines;
      }
    } finally {
      await file.close();
    }
  }

  /** What stands behind the last end of line. */
  rest(): string[] {
    const rest = this.#partial + this.#decoder.end();
    this.#partial = '';
    return rest === '' ? [] : [rest];
  }

  #split(text: string): string[] {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    if (this.#partial.length > maxLineLength) {
      lines.push(this.#partial);
      this.#partial = '';
    }
    return lines.map((line) => line.replace(/\r$/, '').slice(0, maxLineLength));
  }
}
