import type { AggregateResult } from '@troupe/core';
import { plainLine } from './plain.js';
import { counted } from './wording.js';

/** The summaries that the DDL asks for, as Choria shows them; none where no node said anything of it. */
export function summaryLines(summaries: readonly AggregateResult[]): readonly string[] {
  return summaries.flatMap((summary) => {
    if (summary.lines.length === 0 && summary.error === undefined) return [];
    const lines = summary.error === undefined ? summary.lines : [`not available: ${summary.error}`];
    const skipped = summary.skipped > 0 ? [`${counted(summary.skipped, 'value')} could not be used`] : [];
    return [
      `Summary of ${plainLine(summary.title)}:`,
      '',
      ...[...lines, ...skipped].map((line) => `   ${withIndent(line)}`),
      '',
    ];
  });
}

// The summaries align themselves with leading blanks.
function withIndent(line: string): string {
  return `${/^ */.exec(line)?.[0] ?? ''}${plainLine(line)}`;
}
