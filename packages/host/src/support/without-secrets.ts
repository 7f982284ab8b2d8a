/** What stands in an archive in place of a secret. */
export const redacted = '[redacted]';

const secretKey = /^pin$|pass|secret|token|private|credential|key$|^key/i;
const secretOption = /^--?[\w-]*(pass|secret|token|key|credential)[\w-]*$/i;

// Each from the most certain to the least: what an earlier one has replaced, a later one does not see.
const replacements: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, redacted],
  // A compact JWS (RFC 7515): an enrolment token, a signed message.
  [/\beyJ[\w-]{8,}\.[\w-]*\.[\w-]*/g, redacted],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi, `$1${redacted}@`],
  // The path of a webhook is its password.
  [/\b(https?:\/\/[^\s/?#"'<>]+)[/?#][^\s"'<>]+/gi, `$1/${redacted}`],
  // The word after an option such as --token.
  [
    /(--?[\w-]*(?:pass(?:word|phrase|wd)?|secret|token|api-?key|credential)[\w-]*[ ,"']+)(?!-)[^\s,"']+/gi,
    `$1${redacted}`,
  ],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${redacted}`],
  [
    /((?:^|[^\w])["']?[\w.-]*(?:pass(?:word|phrase|wd)?|secret|api_?key|private_?key|token|credentials?|signature|sig)["']?\s*=\s*|["'][\w.-]*(?:pass(?:word|phrase|wd)?|secret|api_?key|private_?key|token|credentials?)["']\s*:\s*|\b[\w-]*(?:password|passphrase|passwd|secret|api_?key):\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}"']+)/gi,
    `$1${redacted}`,
  ],
];

/** A text, such as a log, without what looks like a secret: private keys, signed tokens, passwords, credentials in URLs. */
export function textWithoutSecrets(text: string): string {
  return replacements.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}

/** A configuration without the values of keys whose name says that they are secret; `isFile` excepts names of files. */
export function configWithoutSecrets(
  value: unknown,
  isFile: (path: readonly string[]) => boolean = () => false,
): unknown {
  return clean(value, [], isFile);
}

function clean(
  value: unknown,
  path: readonly string[],
  isFile: (path: readonly string[]) => boolean,
): unknown {
  if (typeof value === 'string') return textWithoutSecrets(value);
  if (Array.isArray(value))
    return value.map((inner, index) => {
      // A program's words: the one after `--password`.
      const before: unknown = value[index - 1];
      return typeof before === 'string' && secretOption.test(before) ? redacted : clean(inner, path, isFile);
    });
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const here = [...path, key];
      const isSecret =
        secretKey.test(key) && typeof inner !== 'boolean' && !isSection(inner) && !isFile(here);
      return [key, isSecret ? redacted : clean(inner, here, isFile)];
    }),
  );
}

const isSection = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
