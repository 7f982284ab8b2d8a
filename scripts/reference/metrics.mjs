import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../setup.mjs';

const compiled = (path) => import(pathToFileURL(join(root, 'packages', path)).href);

/** The page that lists the metrics. */
export const metricsFile = 'docs/reference/metrics.md';

/** The metrics of each program, as the code defines them. */
export async function metricsOfPrograms() {
  const { ProvisionerMetrics } = await compiled('provisioner/dist/src/monitoring/metrics.js');
  const { daemonMetrics } = await compiled('daemon/dist/src/status/daemon-metrics.js');
  const { brokerMetrics } = await compiled('broker/dist/src/broker-metrics.js');
  return {
    mcod: daemonMetrics({ security: {} }).descriptions(),
    'troupe-broker': brokerMetrics({ security: {}, limits: {} }).descriptions(),
    mcprovision: new ProvisionerMetrics({ callers: {} }).metrics.descriptions(),
  };
}

/** The page as it must be: tables between its comments. */
export async function metricsPage() {
  let text = readFileSync(join(root, metricsFile), 'utf8');
  for (const [program, metrics] of Object.entries(await metricsOfPrograms())) {
    const begin = `<!-- made by scripts/reference.mjs: ${program} -->\n`;
    const at = text.indexOf(begin);
    if (at === -1) throw new Error(`${metricsFile}: comment "${begin.trim()}" not found`);
    const from = at + begin.length;
    text = `${text.slice(0, from)}\n${tableOf(metrics)}\n${text.slice(text.indexOf('<!-- end -->\n', from))}`;
  }
  return text;
}

function tableOf(metrics) {
  const rows = metrics.map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help.replaceAll('|', '\\|'),
  ]);
  const all = [['name', 'type', 'labels', 'meaning'], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `${[line(all[0]), rule, ...rows.map(line)].join('\n')}\n`;
}
