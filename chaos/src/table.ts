import Table from 'cli-table3';
import type { InvariantResult } from './judge/invariant.js';

type Row = readonly (string | number)[];

/** A table with borders. */
export function table(head: string[], rows: readonly Row[]): string {
  const made = new Table({ head, style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

/** Whether each invariant holds, how much was checked, and the number of violations. */
export function invariantRows(findings: readonly InvariantResult[]): Row[] {
  return findings.map(({ invariant, looked, violations }) => [
    violations.length === 0 ? 'yes' : 'NO',
    invariant,
    looked === 0 ? '' : looked,
    violations.length,
  ]);
}

/** The first violations of each invariant. */
export function violationLines(findings: readonly InvariantResult[]): string[] {
  return findings.flatMap(({ invariant, violations }) =>
    violations.slice(0, 20).map((violation) => `VIOLATED: ${invariant}: ${violation}`),
  );
}
