import { rowLines } from '@troupe/core/internal';
import { plainLine } from '../../output/plain.js';
import { counted } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';
import type { Finding, Level } from './finding.js';

const colors = { ok: 'green', warn: 'yellow', fault: 'red' } as const satisfies Record<Level, string>;

/** Prints a line for each finding, or a JSON result for each. */
export function printFindings(screen: Screen, findings: readonly Finding[]): void {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [faults, warnings] = [count('fault'), count('warn')];
  if (screen.json) {
    for (const finding of findings) screen.json.result(finding);
    screen.json.summarize({ faults, warnings });
    return;
  }
  const shown = screen.isQuiet ? findings.filter(({ level }) => level !== 'ok') : findings;
  for (const { level, subject, message } of shown)
    for (const [index, line] of findingLines([level, subject, message], screen.rowWidth).entries())
      screen.print(index === 0 ? `${screen.paint(colors[level], level.padEnd(5))}${line.slice(5)}` : line);
  screen.note(
    faults + warnings === 0
      ? '\nNo problems found'
      : `\n${counted(faults, 'fault')}, ${counted(warnings, 'warning')}`,
  );
}

function findingLines([level, subject, message]: readonly [Level, string, string], width: number) {
  return rowLines([[level.padEnd(5), subject.padEnd(13), plainLine(message)]], { width });
}
