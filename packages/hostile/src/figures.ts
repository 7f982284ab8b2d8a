import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Attack } from './attacks/attack.js';
import { attackTables } from './attacks/tables.js';
import { rejectedEntry } from './attacks/victim.js';
import { holesBefore } from './before.js';
import type { FuzzReport } from './fuzz/report.js';

// Updates docs/attacks.md and the figures of docs/security.md:
// node packages/hostile/dist/src/figures.js [FUZZ-REPORT.json] [--mutations REPORT.json]
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
  const before = `## What did not hold before

These attacks succeeded with software that speaks only version 1 of the protocol, and fail now. The other attacks that can be made on
version 1 failed before, too.

| what did not hold | attacks |
|---|---|
${holesBefore()
  .map(({ what, attacks }) => `| ${what} | ${attacks.join('; ').replaceAll('|', '\\|')} |`)
  .join('\n')}

What the provisioner and other brokers allow is tested elsewhere: [enrolment](enrolment.md), [brokers](brokers.md).`;
  const noticed = `## What notices what

\`npm run hostile -- --mutate\` disables each check in turn, in a copy of the compiled code, and runs the attacks until one is no longer
refused as it should be. A check that no attack notices is a failure.

<!-- mutations -->
<!-- /mutations -->`;
  return `${[intro, ...sections, before, noticed].join('\n\n')}\n`;
}

interface Mutation {
  readonly check: string;
  readonly noticed?: string;
}

function mutationTable(results: readonly Mutation[]): string {
  const rows = results.map(
    ({ check, noticed = '**nothing**' }) => `| ${check} | ${noticed.replaceAll('|', '\\|')} |`,
  );
  return [`${results.length} checks:`, '', '| check | noticed by |', '|---|---|', ...rows].join('\n');
}

/** What is between the marks of a part of a page. */
function partOf(text: string, name: string): string | undefined {
  return text.split(`<!-- ${name} -->\n`)[1]?.split(`\n<!-- /${name} -->`)[0];
}

function between(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [head, rest] = text.split(start);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`the page lacks ${start} … ${end}`);
  return `${head}${start}\n${content}\n${end}${tail}`;
}

const { values, positionals } = parseArgs({
  options: { mutations: { type: 'string' } },
  allowPositionals: true,
});
const [file] = positionals;
let text = between(readFileSync(page, 'utf8'), 'attacks', attackFigures());
if (file !== undefined)
  text = between(text, 'fuzz', fuzzFigures(JSON.parse(readFileSync(file, 'utf8')) as FuzzReport));
const mutations =
  values.mutations === undefined
    ? (partOf(readFileSync(table, 'utf8'), 'mutations') ?? '')
    : mutationTable(JSON.parse(readFileSync(values.mutations, 'utf8')) as readonly Mutation[]);
writeFileSync(page, text);
writeFileSync(table, between(attackPage(), 'mutations', mutations));
