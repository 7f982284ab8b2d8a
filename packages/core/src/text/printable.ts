/**
 * Characters that a terminal obeys or does not show: controls, line separators, marks that change the direction of text
 * (U+202E and others), zero-width marks, lone surrogates. Variation selectors stay: they only choose the form of an emoji.
 */
export const unprintable =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

/** A text from a peer that is safe to show on a terminal: unprintable characters, except those of `keep`, become `mark`. */
export function printable(text: string, { keep = '', mark = '?' } = {}): string {
  return text.replace(unprintable, (found) => (keep.includes(found) ? found : mark));
}

/** JSON in which unprintable characters are written as `\uXXXX`: the same value, safe to show on a terminal. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (found) => (found === '\n' ? found : codeUnits(found)));
}

/** Characters as JSON writes those that it escapes. */
export function codeUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
