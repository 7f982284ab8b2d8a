import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { verifyAudit } from '@troupe/daemon';
import type { AttackNetwork } from '../attack-network.js';
import type { Attack } from './attack.js';
import { ask } from './victim.js';

async function verdictOn(file: string): Promise<string> {
  const { fault, isAnchored } = await verifyAudit(file);
  return fault ? `line ${fault.line}: ${fault.reason}` : `no error found, anchored: ${isAnchored ?? false}`;
}

function linesOf(network: AttackNetwork): string[] {
  return readFileSync(network.auditFile, 'utf8').trimEnd().split('\n');
}

/** An attacker with root on the node changes its audit log afterwards. */
function isDetected(name: string, change: (lines: string[]) => string[]): Attack {
  return {
    name,
    run: async (network) => {
      const copy = network.folder.join('changed.jsonl');
      writeFileSync(copy, `${change(linesOf(network)).join('\n')}\n`);
      return verdictOn(copy);
    },
    refused: [/line \d+: it(s hash does not match| is not an audit log entry)/],
  };
}

/** The same, with the anchor of the audit beside it; the log is in three files, the newest of which is `file`. */
function endIsDetected(name: string, change: (file: string) => void, refused: RegExp): Attack {
  return {
    name,
    run: async (network) => {
      const file = network.folder.join('anchored.jsonl');
      const lines = linesOf(network);
      const third = Math.floor(lines.length / 3);
      const parts = [lines.slice(0, third), lines.slice(third, 2 * third), lines.slice(2 * third)];
      for (const [index, name] of [`${file}.1`, `${file}.2`, file].entries())
        writeFileSync(name, `${parts[index]?.join('\n')}\n`);
      copyFileSync(`${network.auditFile}.end`, `${file}.end`);
      change(file);
      return verdictOn(file);
    },
    refused: [refused],
  };
}

function changeLines(file: string, change: (lines: string[]) => string[]): void {
  writeFileSync(file, `${change(readFileSync(file, 'utf8').trimEnd().split('\n')).join('\n')}\n`);
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
  endIsDetected(
    'the last line of the audit log is altered',
    (file) =>
      changeLines(file, (lines) => [
        ...lines.slice(0, -1),
        (lines.at(-1) ?? '').replace('"outcome":"', '"outcome":"x'),
      ]),
    /it is not the last line that was written/,
  ),
  endIsDetected(
    'the last line of the audit log is removed',
    (file) => changeLines(file, (lines) => lines.slice(0, -1)),
    /it is not the last line that was written/,
  ),
  endIsDetected(
    'the newest file of the audit log is removed',
    (file) => rmSync(file),
    /the newest file of the audit log is missing/,
  ),
  endIsDetected(
    'the newest file of the audit log is removed, and the one before takes its name',
    (file) => {
      copyFileSync(`${file}.2`, file);
      rmSync(`${file}.2`);
    },
    /it is not the last line that was written/,
  ),
  endIsDetected(
    'a file in the middle of the audit log is removed',
    (file) => rmSync(`${file}.2`),
    /its hash does not match/,
  ),
  endIsDetected(
    'the anchor of the audit log is altered',
    (file) => {
      const text = readFileSync(`${file}.end`, 'utf8');
      writeFileSync(`${file}.end`, text.replace(/[0-9a-f]{8}/, '00000000'));
    },
    /the anchor of its end is damaged/,
  ),
  {
    name: 'line separators of Unicode in a message make the audit log look broken',
    run: async (network) => {
      await ask(network, network.request2({ type: 'a\u2028b\u2029c\u0085d' }));
      const copy = network.folder.join('separators.jsonl');
      copyFileSync(network.auditFile, copy);
      return verdictOn(copy);
    },
    refused: [/no error found/],
    audited: /unknown type "a\u2028b\u2029c/,
  },
];
