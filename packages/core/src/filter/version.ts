const form = /^v?(\d{1,9}(?:\.\d{1,9}){0,9})([-+~].{0,100})?$/s;

/** Whether a text reads as a version or as the beginning of one, such as `7`, `5.10`, `1.10.0-rc1`. */
export function isVersionLike(text: string): boolean {
  return form.test(text);
}

/** Whether a text can be nothing but a version: three numbers or more, or two and a suffix. */
export function isVersion(text: string): boolean {
  const [, numbers = '', suffix] = form.exec(text) ?? [];
  return numbers.split('.').length + (suffix ? 1 : 0) >= 3;
}

/**
 * Orders two versions as semantic versions do; missing numbers count as 0. A suffix that starts with a letter,
 * or after `~`, is a pre-release and comes first; one that starts with a digit, as in the kernel's
 * `5.10.0-21-amd64`, is a revision and comes later, unlike in semantic versions. What follows `+` counts not.
 */
export function compareVersions(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  for (let index = 0; index < Math.max(left.numbers.length, right.numbers.length); index += 1) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  if (left.rank !== right.rank) return Math.sign(left.rank - right.rank);
  return compareSuffixes(left.suffix, right.suffix);
}

function parse(version: string) {
  const [, numbers = '', rest = ''] = form.exec(version) ?? [];
  const suffix = (rest.split('+')[0] ?? '').slice(1);
  const isRevision = rest.startsWith('-') && /^\d/.test(suffix);
  return {
    numbers: numbers.split('.').map(Number),
    suffix: suffix === '' ? [] : suffix.split(/[.~-]/),
    rank: suffix === '' ? 0 : isRevision ? 1 : -1,
  };
}

function compareSuffixes(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const left = a[index];
    const right = b[index];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const difference = compareIdentifiers(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareIdentifiers(a: string, b: string): number {
  const isNumber = [a, b].map((part) => /^\d{1,15}$/.test(part));
  if (isNumber[0] && isNumber[1]) return Math.sign(Number(a) - Number(b));
  if (isNumber[0] !== isNumber[1]) return isNumber[0] ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
