import { readFileSync, writeFileSync } from 'node:fs';
import { verifyAudit } from '@troupe/daemon';
import type { Attack } from './attack.js';

/** Somebody with the rights of root on the node changes its audit after the fact. */
function isNoticed(name: string, change: (lines: string[]) => string[]): Attack {
  return {
    name,
    run: async (world) => {
      const copy = world.folder.join('changed.jsonl');
      const lines = readFileSync(world.auditFile, 'utf8').trimEnd().split('\n');
      writeFileSync(copy, `${change(lines).join('\n')}\n`);
      const { fault } = await verifyAudit(copy);
      return fault ? `line ${fault.line}: ${fault.reason}` : 'nothing is wrong';
    },
    refused: [/line \d+: it (does not follow|is no line)/],
  };
}

export const auditAttacks: readonly Attack[] = [
  isNoticed('a line of the audit is altered', (lines) =>
    lines.map((line, index) => (index === 1 ? line.replace('"outcome":"', '"outcome":"x') : line)),
  ),
  isNoticed('a line of the audit is removed', (lines) => lines.filter((_, index) => index !== 1)),
  isNoticed('two lines of the audit change places', ([a = '', b = '', c = '', ...rest]) => [
    a,
    c,
    b,
    ...rest,
  ]),
  isNoticed('a line is put into the audit', ([a = '', ...rest]) => [a, a, ...rest]),
  isNoticed('a line of the audit becomes nonsense', ([a = '', , ...rest]) => [a, 'nonsense', ...rest]),
];
