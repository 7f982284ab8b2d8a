/** Compares two names for people: numbers in them by their value, so that node-2 stands before node-10. */
export function naturalOrder(one: string, other: string): number {
  let a = 0;
  let b = 0;
  while (a < one.length && b < other.length) {
    if (isDigit(one, a) && isDigit(other, b)) {
      const [first, second] = [digitsAt(one, a), digitsAt(other, b)];
      const [x, y] = [first.replace(/^0+/, ''), second.replace(/^0+/, '')];
      if (x !== y) return x.length - y.length || byCode(x, y);
      a += first.length;
      b += second.length;
    } else if (one[a] === other[b]) {
      a += 1;
      b += 1;
    } else return one.charCodeAt(a) - other.charCodeAt(b);
  }
  // 01 and 1 have the same value: the order is the same each time all the same.
  return one.length - a - (other.length - b) || byCode(one, other);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function digitsAt(text: string, start: number): string {
  let end = start + 1;
  while (isDigit(text, end)) end += 1;
  return text.slice(start, end);
}

function byCode(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
