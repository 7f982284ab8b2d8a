/** What is known of an option of a command line. */
export interface OptionWords {
  readonly short?: string | undefined;
  readonly long?: string | undefined;
  /** Whether a value must follow. */
  readonly required: boolean;
}

/**
 * Why a command line is wrong in which an option that needs a value is followed by another option, which would be
 * taken for the value: in `-W --json` for one. A negative number is a value, and so is `-`, standard input.
 */
export function optionAsValue(words: readonly string[], options: readonly OptionWords[]): string | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return undefined;
    const option = options.find(({ short, long }) => word === short || word === long);
    if (!option?.required) continue;
    const value = words[at + 1];
    if (value !== undefined && /^-[^\d]/.test(value))
      return `${word} needs a value, but "${value}" follows: to give it as the value, write ${option.long ?? word}=${value}`;
    at += 1;
  }
  return undefined;
}
