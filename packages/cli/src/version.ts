import { readFileSync } from 'node:fs';

/** The version of this package, without loading anything else. */
export function version(): string {
  const text = readFileSync(new URL(import.meta.resolve('@troupe/cli/package.json')), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
