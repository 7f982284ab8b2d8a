import type { Facts } from './filter.js';

const mostSteps = 32;

/**
 * The fact at a path such as `os.family`, `mountpoints./var.size` or `processors.models.0`, or undefined. A key
 * may itself have dots; where two readings are possible, the longer key wins.
 */
export function lookUpFact(facts: Facts, path: string): unknown {
  if (path === '') return;
  const steps = path.split('.');
  if (steps.length > mostSteps) return;
  let budget = 1000;
  const walk = (value: unknown, from: number): unknown => {
    if (from === steps.length) return value;
    if (typeof value !== 'object' || value === null) return;
    for (let to = steps.length; to > from && budget > 0; to -= 1) {
      budget -= 1;
      const key = steps.slice(from, to).join('.');
      if (!hasPart(value, key)) continue;
      const found = walk((value as Record<string, unknown>)[key], to);
      if (found !== undefined) return found;
    }
    return;
  };
  return walk(facts, 0);
}

function hasPart(value: object, key: string): boolean {
  return Array.isArray(value) ? /^\d+$/.test(key) && Object.hasOwn(value, key) : Object.hasOwn(value, key);
}
