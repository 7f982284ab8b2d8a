/** Why a regular expression `/…/` can match no caller, as far as that can be decided by its end. */
export function callersFault(pattern: string, callers: RegExp | undefined): string | undefined {
  if (needsCapitals(pattern))
    return `${pattern} needs a capital letter, but caller names are in lower case: write ${pattern}i`;
  if (needsEquals(pattern)) {
    const bare = pattern.replace(/(?:choria|cert)=/, '');
    const hint = bare === pattern ? '' : `: write ${bare}`;
    return `${pattern} never matches: caller names are the names of certificates, without "choria=" or "cert="${hint}`;
  }
  if (callers === undefined) return undefined;
  const [ending, wanted] = [endingOf(pattern), endingOf(String(callers))];
  if (ending === undefined) return undefined;
  if (ending.isWhole ? callers.test(ending.text) : fitsTogether(ending, wanted)) return undefined;
  return `${pattern} never matches: callers must match ${callers}, and no name matches both`;
}

// By its letters, and not by what stands for a kind of character.
function needsCapitals(pattern: string): boolean {
  if (pattern.endsWith('/i') || /\(\?\w*i/.test(pattern)) return false;
  return /[A-Z]/.test(pattern.replaceAll(/\\[pP](?:\{[^}]*\}|.)|\\.|\[[^\]]*\]|\(\?P?<\w*>/g, ''));
}

// Unlike the caller ids of Choria, names have no "=". It is not needed in an alternative, or where it may be left out.
function needsEquals(pattern: string): boolean {
  if (pattern.includes('|')) return false;
  const needed = pattern.replaceAll(
    /\\[pP]\{[^}]*\}|\[[^\]]*\]|\((?:\?:)?[^()]*\)(?:[?*]|\{0)|=(?:[?*]|\{0)/g,
    '',
  );
  return needed.includes('=');
}

function fitsTogether({ text }: Ending, wanted: Ending | undefined): boolean {
  if (wanted === undefined || wanted.text.endsWith(text)) return true;
  return !wanted.isWhole && text.endsWith(wanted.text);
}

interface Ending {
  readonly text: string;
  /** Whether every match is this text. */
  readonly isWhole: boolean;
}

/** The text with which every match ends; undefined if it cannot be told. */
function endingOf(pattern: string): Ending | undefined {
  const [, source] = /^\/(.*)\/i?$/s.exec(pattern) ?? [];
  // An alternative may end in another way, and an inline flag may change what "$" means.
  if (source === undefined || /\||\(\?[a-z]/.test(source)) return undefined;
  const [whole, literal = ''] = /((?:\\[.\-_]|(?<!\\)[\w-])+)\$$/.exec(source) ?? [];
  if (whole === undefined) return undefined;
  const text = literal.replaceAll('\\', '').toLowerCase();
  return { text, isWhole: source === `^${whole}` };
}
