const mostByDefault = 64 * 1024 * 1024;

/** Takes what a program writes. */
export interface OutputSink {
  write(bytes: Buffer): void;
  /** Nothing more comes. */
  end?(): void;
}

/** Keeps the beginning of what a program writes, as text. */
export class CapturedOutput implements OutputSink {
  // bound: output of programs that agents run | programs, which callers start | by bytes | {bytes mostByDefault}, or less
  // if the agent sets less | the rest is read and dropped
  readonly #chunks: Buffer[] = [];
  #left: number;

  /** At most so many bytes are kept; the rest is read away. */
  constructor(most = mostByDefault) {
    this.#left = most;
  }

  write(bytes: Buffer): void {
    const kept = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= kept.length;
    if (kept.length > 0) this.#chunks.push(kept);
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
