import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Attack } from './attacks/attack.js';
import { attackTables } from './attacks/tables.js';
import { rejectedEntry } from './attacks/victim.js';
import type { FuzzReport } from './fuzz/report.js';

// Updates docs/attacks.md and the figures of docs/security.md: node packages/hostile/dist/src/figures.js [FUZZ-REPORT.json]
const page = fileURLToPath(new URL('../../../../docs/security.md', import.meta.url));
const table = fileURLToPath(new URL('../../../../docs/attacks.md', import.meta.url));

function fuzzFigures({ seed, targets, inputs, seconds, findings }: FuzzReport): string {
  const rows = targets.map(({ name, inputs: count, refused, seconds: time, slowest, growth }) => {
    const each = Math.round((time / count) * 1e6);
    return `| ${name} | ${count} | ${refused} | ${each} µs | ${Math.round(slowest)} ms | ${(growth / 1e6).toFixed(1)} MB |`;
  });
  return [
    `${inputs} inputs of seed ${seed} in ${Math.round(seconds)} s, ${Math.round((seconds / inputs) * 1e6)} µs each: ${findings.length} crashes, hangs or leaks.`,
    '',
    '| parser | inputs | refused | mean | slowest | heap grew by |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function attackFigures(): string {
  const counts = attackTables.map(([where, attacks]) => `${attacks.length} ${where}`);
  const total = attackTables.reduce((sum, [, attacks]) => sum + attacks.length, 0);
  return `${total} attacks: ${counts.join(', ')}. [The list of attacks](attacks.md) shows the required response to each.`;
}

const none = '–';

function code(pattern: RegExp): string {
  return `\`${pattern.source.replaceAll('\\/', '/')}\``;
}

function auditCell({ refused, audited }: Attack): string {
  if (audited === undefined) return none;
  const reason = refused.at(-1);
  return reason && rejectedEntry(reason).source === audited.source ? 'rejected' : code(audited);
}

/** A table of attacks; `skip` is how many of their expressions the text above it has. A column without a value is left out. */
function attackTable(attacks: readonly Attack[], skip: number): string {
  const rows = attacks.map((attack) => [
    attack.name,
    attack.refused.slice(skip).map(code).join(', ') || none,
    auditCell(attack),
  ]);
  const columns = ['attack', skip > 0 ? 'must also match' : 'must match', 'audit log']
    .map((head, column) => [head, '---', ...rows.map((cells) => cells[column] ?? none)])
    .filter(([, , ...cells]) => cells.some((cell) => cell !== none));
  const cell = (text = '') => text.replaceAll('|', '\\|');
  const lines = [...(columns[0]?.keys() ?? [])];
  return lines.map((line) => `| ${columns.map((cells) => cell(cells[line])).join(' | ')} |`).join('\n');
}

/** A section of the page. An expression that more than two attacks begin with is above their table, once. */
function attackSection(where: string, attacks: readonly Attack[]): string {
  const groups = new Map<string, Attack[]>();
  for (const attack of attacks) {
    const first = attack.refused.slice(0, 1).map(code).join();
    groups.set(first, [...(groups.get(first) ?? []), attack]);
  }
  const shared = [...groups].filter(([, group]) => group.length > 2);
  const others = attacks.filter((attack) => !shared.some(([, group]) => group.includes(attack)));
  const parts = shared.map(
    ([first, group]) => `Each of these must match ${first}:\n\n${attackTable(group, 1)}`,
  );
  if (others.length > 0)
    parts.push(`${shared.length > 0 ? 'The other attacks:\n\n' : ''}${attackTable(others, 0)}`);
  return [`## Attacks ${where}`, ...parts].join('\n\n');
}

function attackPage(): string {
  const intro = `# Attacks

Generated from \`packages/hostile/src/attacks\`. \`npm test\` runs each attack through a real broker. The tables list the regular
expressions that the response to the attack, or a log, must match.

The column "audit log" has the expression that the victim's audit log must match: \`rejected\` means
\`"outcome":"invalid","reason":.*\` followed by the expression in the column before. Without an expression, the attack must leave no
entry in the audit log.`;
  const sections = attackTables.map(([where, attacks]) => attackSection(where, attacks));
  return `${[intro, ...sections].join('\n\n')}\n`;
}

function between(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [head, rest] = text.split(start);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`docs/security.md lacks ${start} … ${end}`);
  return `${head}${start}\n${content}\n${end}${tail}`;
}

const [file] = process.argv.slice(2);
let text = between(readFileSync(page, 'utf8'), 'attacks', attackFigures());
if (file !== undefined)
  text = between(text, 'fuzz', fuzzFigures(JSON.parse(readFileSync(file, 'utf8')) as FuzzReport));
writeFileSync(page, text);
writeFileSync(table, attackPage());
