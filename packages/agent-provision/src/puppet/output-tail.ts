/** The last lines of an output, up to a number of characters. */
export class OutputTail {
  readonly #limit: number;
  #lines: string[] = [];
  #length = 0;
  #isCut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(lines: readonly string[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#length += line.length + 1;
    }
    while (this.#length > this.#limit && this.#lines.length > 1) {
      this.#length -= (this.#lines.shift() ?? '').length + 1;
      this.#isCut = true;
    }
  }

  get text(): string {
    const text = this.#lines.join('\n');
    return this.#isCut || text.length > this.#limit ? `…\n${text.slice(-this.#limit)}` : text;
  }
}
