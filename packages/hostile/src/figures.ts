import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attackTables } from './attacks/tables.js';
import type { FuzzReport } from './fuzz/report.js';

// Writes the figures of the documentation: node packages/hostile/dist/src/figures.js FUZZ-REPORT.json
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
  return `${total} attacks: ${counts.join(', ')}. [All of them](attacks.md), each with what must answer it.`;
}

function attackPage(): string {
  const code = (pattern: RegExp) => `\`${pattern.source.replaceAll('|', '\\|').replaceAll('\\/', '/')}\``;
  const sections = attackTables.map(([where, attacks]) => {
    const rows = attacks.map(({ name, refused, audited }) => {
      const line = audited ? code(audited) : '–';
      return `| ${name.replaceAll('|', '\\|')} | ${refused.map(code).join(', ')} | ${line} |`;
    });
    return [
      `## Attacks ${where}`,
      '',
      '| attack | refusal or log | line of the audit |',
      '|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return `# Attacks\n\nMade from \`packages/hostile/src/attacks\`; \`npm test\` tries each through a real broker. The columns hold the regular expressions\nthat the answer, the log and the audit must match.\n\n${sections.join('\n\n')}\n`;
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
