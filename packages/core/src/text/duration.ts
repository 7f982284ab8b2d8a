/** A hundred years in seconds: more is a mistake. */
const most = 3_155_760_000;

const unitSeconds: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** Reads a duration in seconds: `90`, `1.5`, `90s`, `5m`, `1h30m`, `7d`; undefined if the text is not one. */
export function readDuration(text: string): number | undefined {
  const plain = text.trim();
  if (/^(\d+\.?\d*|\.\d+)$/.test(plain)) return Number(plain);
  if (!/^(\d+(\.\d+)?(ms|s|min|m|h|d|w))+$/.test(plain)) return undefined;
  let seconds = 0;
  for (const [, digits = '', unit = ''] of plain.matchAll(/(\d+(?:\.\d+)?)(ms|s|min|m|h|d|w)/g))
    seconds += Number(digits) * (unitSeconds[unit] ?? 0);
  return seconds <= most ? Math.round(seconds * 1000) / 1000 : undefined;
}
