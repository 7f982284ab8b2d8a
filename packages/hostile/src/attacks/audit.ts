import { readFileSync, writeFileSync } from 'node:fs';
import { verifyAudit } from '@troupe/daemon';
import type { Attack } from './attack.js';

/** An attacker with root on the node changes its audit log afterwards. */
function isDetected(name: string, change: (lines: string[]) => string[]): Attack {
  return {
    name,
    run: async (network) => {
      const copy = network.folder.join('changed.jsonl');
      const lines = readFileSync(network.auditFile, 'utf8').trimEnd().split('\n');
      writeFileSync(copy, `${change(lines).join('\n')}\n`);
      const { fault } = await verifyAudit(copy);
      return fault ? `line ${fault.line}: ${fault.reason}` : 'no error found';
    },
    refused: [/line \d+: it(s hash does not match| is not an audit log entry)/],
  };
}

export const auditAttacks: readonly Attack[] = [
  isDetected('a line of the audit log is altered', (lines) =>
    lines.map((line, index) => (index === 1 ? line.replace('"outcome":"', '"outcome":"x') : line)),
  ),
  isDetected('a line of the audit log is removed', (lines) => lines.filter((_, index) => index !== 1)),
  isDetected('two lines of the audit log are swapped', ([a = '', b = '', c = '', ...rest]) => [
    a,
    c,
    b,
    ...rest,
  ]),
  isDetected('a line is inserted into the audit log', ([a = '', ...rest]) => [a, a, ...rest]),
  isDetected('a line of the audit log is replaced with random text', ([a = '', , ...rest]) => [
    a,
    'nonsense',
    ...rest,
  ]),
];
