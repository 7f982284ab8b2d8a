import { randomInt } from 'node:crypto';

/** A subnet of 254 addresses, such as `10.4.5`, of which none is on the machine's routes. */
export function freeSubnet(routes: readonly string[]): string {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const subnet = `10.${randomInt(1, 255)}.${randomInt(256)}`;
    if (!routes.some((route) => overlaps(`${subnet}.0/24`, route))) return subnet;
  }
  throw new Error(`no free subnet in 10.0.0.0/8; existing routes: ${routes.join(', ')}`);
}

/**
 * Whether two ranges of addresses have one in common. Routes for a whole /8 or more do not count: a subnet of /24
 * takes precedence over them.
 */
export function overlaps(one: string, other: string): boolean {
  const a = parse(one);
  const b = parse(other);
  if (!a || !b || Math.min(a.bits, b.bits) <= 8) return false;
  const shift = 32 - Math.min(a.bits, b.bits);
  return a.address >>> shift === b.address >>> shift;
}

function parse(range: string): { address: number; bits: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(range);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match
    .slice(1)
    .map((part) => (part ? Number(part) : undefined));
  return { address: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, bits };
}
