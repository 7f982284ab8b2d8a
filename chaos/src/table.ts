import Table from 'cli-table3';
import type { Finding } from './judge/finding.js';

type Row = readonly (string | number)[];

/** A table for people. */
export function table(head: string[], rows: readonly Row[]): string {
  const made = new Table({ head, style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

/** Whether each invariant holds, what was looked at, and the number of violations. */
export function findingRows(findings: readonly Finding[]): Row[] {
  return findings.map(({ invariant, looked, violations }) => [
    violations.length === 0 ? 'yes' : 'NO',
    invariant,
    looked === 0 ? '' : looked,
    violations.length,
  ]);
}

/** The first violations of each invariant. */
export function violationLines(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ invariant, violations }) =>
    violations.slice(0, 20).map((violation) => `NOT TRUE that ${invariant}: ${violation}`),
  );
}
