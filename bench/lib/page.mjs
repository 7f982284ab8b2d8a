import { readFileSync, writeFileSync } from 'node:fs';

const [BEGIN, END] = ['<!-- made by npm run bench: begin -->', '<!-- made by npm run bench: end -->'];

/** Puts the tables of a run between the two marks of a page. */
export function writePage(file, { machine, cases }) {
  const page = readFileSync(file, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before)
    throw new Error(`${file} does not contain the comments that mark the bench's tables`);
  const parts = Object.entries(cases).map(([name, each]) => section(name, each));
  const text = [about(machine), ...parts].join('\n\n');
  writeFileSync(file, `${page.slice(0, before + BEGIN.length)}\n\n${text}\n\n${page.slice(after)}`);
}

function about({ cpu, cores, memoryGiB, kernel, node, commit, time }) {
  return `Measured on ${time.slice(0, 10)} by \`npm run bench\` at commit ${commit}: ${cores} x ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}.`;
}

function section(name, { error, tables = [], skipped = [], load }) {
  const lines = [`### ${name}`];
  if (error !== undefined) lines.push(`Not measured: ${firstLine(error)}.`);
  for (const { title, head, rows } of tables) lines.push(`${title}:`, markdown(head, rows));
  for (const reason of skipped) lines.push(`Not measured: ${reason}.`);
  if (load) lines.push(`Load average before ${load.before[0]}, after ${load.after[0]}.`);
  return lines.join('\n\n');
}

function markdown(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  const marks = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, marks, ...rows].map(line).join('\n');
}

const firstLine = (text) => text.split('\n', 1)[0];
