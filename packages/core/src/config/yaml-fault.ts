interface Fault {
  readonly code: string;
  readonly message: string;
}

/** A YAML error in words for people who write configurations; for a rare one, the text of the parser. */
export function yamlFault({ code, message }: Fault): string {
  const [text = ''] = message.split('\n');
  const [, close] = /^Flow (?:sequence|map) .*end with a ([\]}])/.exec(text) ?? [];
  if (close !== undefined)
    return `${close === ']' ? '[' : '{'} is not closed: add ${close}, and indent all lines up to it`;
  const [, quote] = /^Missing closing (["'])/.exec(text) ?? [];
  if (quote !== undefined) return `${quote} is not closed: add a closing ${quote}`;
  const [, first] = /^Plain value cannot start with .* (.)$/.exec(text) ?? [];
  if (first !== undefined) return `a value that begins with ${first} must be in quotes`;
  return wordings[code] ?? text;
}

const noColon = 'a key needs ": " and a value after it, and a value of several lines needs quotes';

const wordings: Readonly<Record<string, string>> = {
  BAD_INDENT:
    'wrong indentation: the keys of a section, or the items of a list, must begin in the same column',
  BLOCK_AS_IMPLICIT_KEY:
    'a key inside a value: check the indentation, and put a value that contains ": " in quotes',
  DUPLICATE_KEY: 'this key is set twice: remove one of the two',
  MISSING_CHAR: noColon,
  MULTILINE_IMPLICIT_KEY: noColon,
  MULTIPLE_DOCS: 'more than one YAML document: remove the second line ---',
  TAB_AS_INDENT: 'a tab in the indentation: use spaces',
};
