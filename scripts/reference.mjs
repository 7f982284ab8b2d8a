// Makes the tables of configurations and metrics in docs/reference from schemas and definitions, and docs/limits.md from
// declarations. After a build.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noArguments } from './command-line.mjs';
import { limitsPage } from './reference/limits.mjs';
import { metricsFile, metricsPage } from './reference/metrics.mjs';
import { pages } from './reference/tables.mjs';
import { root } from './setup.mjs';

noArguments(
  'reference',
  'Usage: node scripts/reference.mjs\n\nGenerates the tables of configurations and metrics in docs/reference, and docs/limits.md.',
);

const made = [...(await pages()), ['docs/limits.md', await limitsPage()], [metricsFile, await metricsPage()]];
for (const [page, text] of made) {
  writeFileSync(join(root, page), text);
  process.stdout.write(`${page}\n`);
}
