const directive = /%([-0+ ]*)(\d{1,2})?(?:\.(\d{1,2}))?([sdifuxeg%])/g;

/** Fills `values` into a printf format such as `%-10s %.2f`; what is no directive stays as it is. */
export function printf(format: string, values: readonly (string | number)[]): string {
  let next = 0;
  return format.replace(
    directive,
    (_, flags: string, width = '0', precision: string | undefined, kind: string) => {
      if (kind === '%') return '%';
      const value = values[next];
      next += 1;
      return value === undefined
        ? ''
        : pad(convert(value, kind, precision, flags), Number(width), flags, kind);
    },
  );
}

function convert(value: string | number, kind: string, precision: string | undefined, flags: string): string {
  if (kind === 's') return String(value).slice(0, precision === undefined ? undefined : Number(precision));
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  const sign = number < 0 ? '' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return sign + digits(number, kind, precision === undefined ? 6 : Number(precision));
}

function digits(number: number, kind: string, precision: number): string {
  if (kind === 'f') return number.toFixed(precision);
  if (kind === 'e') return number.toExponential(precision);
  if (kind === 'g') return String(Number(number.toPrecision(Math.max(1, precision))));
  return Math.trunc(number).toString(kind === 'x' ? 16 : 10);
}

function pad(text: string, width: number, flags: string, kind: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || kind === 's') return text.padStart(width);
  const sign = /^[-+ ]?/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}
